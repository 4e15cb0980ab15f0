// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "catalog/connection.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// Writes what the connection's database holds at this moment as one plain SQLite file, without a
/// log beside it, for its owner only (mode 0600). First under a temporary name, so that a full disk
/// or a kill leaves nothing at `path`. Gives its size. Errors: it is there and not to be replaced
/// (io), or is the database itself, or a log of another one lies beside it (usage); permission; io.
[[nodiscard]] Result<std::int64_t> write_snapshot(SQLite::Database& database,
                                                  const std::string& path, bool replace);

}  // namespace ktstr
