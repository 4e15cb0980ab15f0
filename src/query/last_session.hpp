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

/// The run directory with a sidecar in it that was changed last, with all those that carry its
/// session token; on its own if it has none. Of equally old ones the last by name, as the harness
/// chooses the newest, though `list` has such rows in ascending order. An empty directory tells
/// nothing of a session. The whole pool where no run directory can be told: all results are below
/// dot directories then, or there are none.
[[nodiscard]] Result<ResultScope> last_session(SQLite::Database& database);

/// Every directory that has results of the pool, dot directories included.
[[nodiscard]] Result<ResultScope> whole_pool(SQLite::Database& database);

}  // namespace ktstr
