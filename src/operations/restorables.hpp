// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ktstr/result.hpp"
#include "operations/versions.hpp"
#include "query/sessions.hpp"

// What somebody wants back from an archive, by name: a result, a run directory, a session.

namespace ktstr {

struct RestoreRequest {
  /// 4 or more digits of a result's id, [RUN-DIR/][JOB/]TEST[-HASH], RUN-DIR[/JOB], or a session:
  /// its token, an inferred one's name, "@last", "@prev", "@N".
  std::string what;
  std::optional<std::int64_t> at_ns;  ///< as it stood then; none: the last that is known
  bool with_traces = false;
  /// Canonical. Where a name is in several roots, this one is meant, then its project's; "@last" is
  /// this root's. '': none.
  std::string root;
  std::optional<std::string> project = {};  ///< only what is of it; none: of all projects
};

/// Whatever a session wrote that is of the request's project; one without a token is the request's
/// root's, if that has one. Throws SQLite::Exception.
[[nodiscard]] std::vector<FileVersion> versions_of_session(SQLite::Database& archive,
                                                           const RestoreRequest& request,
                                                           const SessionReference& session);

/// The versions that make it up, each file once, sidecars and the dumps that belong to them, in the
/// order of their paths. Of a run directory: what stood in it. Of a session: the last version that
/// it wrote of each file. Error usage: the archive has nothing of that name, or several things;
/// not_found: nothing of it stood at the time.
[[nodiscard]] Result<std::vector<FileVersion>> find_restorables(SQLite::Database& archive,
                                                                const RestoreRequest& request);

}  // namespace ktstr
