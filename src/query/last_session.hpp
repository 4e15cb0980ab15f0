// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// The run directories that an answer is about.
struct ResultScope {
  std::optional<std::string> session = {};  ///< the token that all of them carry, if any
  std::vector<std::string> run_dirs = {};   ///< in byte order
  bool is_whole_pool = false;
};

/// The run directory that was changed last (of equally old ones the last by name), with all those
/// that carry its session token; on its own if it has none. The whole pool where no run directory
/// can be told: all results are below dot directories then.
[[nodiscard]] Result<ResultScope> last_session(SQLite::Database& database);

/// Every directory that has results of the pool, dot directories included.
[[nodiscard]] Result<ResultScope> whole_pool(SQLite::Database& database);

}  // namespace ktstr
