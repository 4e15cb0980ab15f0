// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// A session that somebody has named.
struct SessionReference {
  std::string session;       ///< its token; "~" and a time where that is only inferred
  bool is_inferred = false;  ///< results without a token, from the first of these times to the last
  std::optional<std::int64_t> first_ns = {};
  std::optional<std::int64_t> last_ns = {};
};

/// The sessions of a root, the newest first by their last result: those of the catalog and, where
/// an archive is attached to it (query/past.hpp), those that the archive has of the same root. With
/// an archive's own connection: the archive's of `root`, of all roots without one. Not to be called
/// under a guard.
[[nodiscard]] Result<std::vector<SessionReference>> sessions_newest_first(
    SQLite::Database& database, const std::string& root = {});

/// The session of that name among them: a token, the beginning of one (8 characters or more), an
/// inferred one's name, or "@last", "@prev" and "@N" (@1 is the last, @2 the one before it). A
/// whole token may be another root's, too. Error usage: there is none, or there are several; the
/// hint names some.
[[nodiscard]] Result<SessionReference> find_session_reference(SQLite::Database& database,
                                                              std::string_view text,
                                                              const std::string& root = {});

}  // namespace ktstr
