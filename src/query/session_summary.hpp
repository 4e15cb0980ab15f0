// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// What one session has left, over all its run directories.
struct SessionSummary {
  std::int64_t run_dirs = 0;
  std::int64_t tests = 0;
  std::int64_t pass = 0;
  std::int64_t fail = 0;
  std::int64_t skip = 0;
  std::int64_t inconclusive = 0;
};

/// By its token; none if no run directory carries that.
[[nodiscard]] Result<std::optional<SessionSummary>> find_session(SQLite::Database& database,
                                                                 const std::string& session);

/// "3 tests in 1 run directory: 2 pass, 1 fail"; verdicts that nobody has are left out.
[[nodiscard]] std::string session_text(const SessionSummary& summary);

}  // namespace ktstr
