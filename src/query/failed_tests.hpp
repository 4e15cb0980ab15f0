// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ktstr/index.hpp"
#include "ktstr/result.hpp"
#include "query/sessions.hpp"
#include "record/record.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

class FileSystem;

/// What failed where one looks first.
struct FailedTests {
  ResultScope scope;
  std::int64_t pool_results = 0;   ///< of the whole pool
  std::int64_t scope_results = 0;  ///< of the scope
  std::vector<std::string> names;  ///< with a failed result in the scope; distinct, in byte order
  /// Tests besides that failed in job directories of a session's run directories.
  std::int64_t left_in_jobs = 0;
};

/// Of the last session, or of the whole pool. Job directories belong to no session: they count
/// where the scope has none.
[[nodiscard]] Result<FailedTests> find_failed_tests(SQLite::Database& database, bool in_whole_pool);

/// A file as it was written once. The harness writes a new file and renames it, so what a run has
/// written anew differs. The ctime isn't asked: a link to a file doesn't run its test.
struct WrittenFile {
  std::string path;  ///< below the root
  std::int64_t inode = 0;
  std::int64_t mtime_ns = 0;

  friend bool operator<(const WrittenFile& left, const WrittenFile& right) {
    return std::tie(left.path, left.inode, left.mtime_ns) <
           std::tie(right.path, right.inode, right.mtime_ns);
  }
};

/// The files of the pool's results of one session.
[[nodiscard]] Result<std::set<WrittenFile>> session_files(SQLite::Database& database,
                                                          const std::string& session);

/// Of the pool's results of one session, by test name; those in the files `before` don't count.
[[nodiscard]] Result<std::map<std::string, VerdictCounts>> session_verdicts(
    SQLite::Database& database, const std::string& session,
    const std::set<WrittenFile>& before = {});

/// Sidecars directly in a run directory that carry another session's token, or none.
struct OlderResults {
  std::optional<std::string> session;
  std::int64_t files = 0;
};

/// What the first write of `session` into the run directory will remove; none if it removes
/// nothing.
[[nodiscard]] Result<std::optional<OlderResults>> find_older_results(SQLite::Database& database,
                                                                     const std::string& run_dir,
                                                                     const std::string& session);

/// What summarize_run_artifacts says, from the rows of a catalog of `runs_root` that a refresh at
/// level `files` has just brought up to date; no sidecar is read again. `files` is asked about the
/// few files that the rows don't say enough about: sidecars that could not be read, and empty
/// dumps and traces, which may be no regular files. A run directory that can't be listed any more
/// is summed up as it was last seen. FooterOptions::max_file_bytes was the refresh's to know.
[[nodiscard]] Result<std::vector<RunDirectorySummary>> summarize_catalog(
    SQLite::Database& database, const std::string& runs_root, FileSystem& files,
    const FooterOptions& options = {});

}  // namespace ktstr
