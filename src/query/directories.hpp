// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// The directories that the catalog knows, run directories and their jobs, relative to the root, in
/// byte order. Dot directories (locks, the catalog's own) only if results are in them.
[[nodiscard]] Result<std::vector<std::string>> known_directories(SQLite::Database& database);

}  // namespace ktstr
