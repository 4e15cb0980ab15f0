// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "database/connection.hpp"

namespace ktstr::test {

/// What a full walk of the files says, a line per fact, sorted: each result with what identifies
/// it, each file that can't be used with the reason, each run directory with its counts, each
/// artifact.
[[nodiscard]] std::vector<std::string> walked_facts(const std::string& root);

/// The same, asked of the catalog's views.
[[nodiscard]] std::vector<std::string> catalog_facts(SQLite::Database& database);

}  // namespace ktstr::test
