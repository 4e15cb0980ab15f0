// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/index.hpp"
#include "library/open_index.hpp"
#include "query/failed_tests.hpp"

namespace ktstr {

/// What failed, and what of it was asked for.
struct ReplayChoice {
  FailedTests failed;
  std::vector<std::string> names;
};

/// From a fresh catalog. A pool without results has nothing to choose, and that is no error.
[[nodiscard]] Result<ReplayChoice> choose_replay(OpenIndex& index, const ReplayOptions& options);

/// What there is to say about a pool without results.
[[nodiscard]] std::string no_results_text(const OpenIndex& index);

// Choosing the run of `last-run`, and reading it.

/// One run's report and where it is from.
struct FoundRun {
  RunReport report = {};
  std::optional<std::string> run_dir = {};  ///< with the job, if one was named; none: read by path
  std::optional<std::string> path = {};     ///< none: there is no run
  /// "3 corrupt, 1 unreadable": the run's files that the report leaves out, empty for none. Without
  /// a run: why there is none.
  std::string missing = {};

  /// What the run is called. There must be one.
  [[nodiscard]] const std::string& name() const { return run_dir ? *run_dir : *path; }
};

/// The directory to be read as it is, if the selection means one: a run that is a path, or without
/// a run `sidecar_dir`, which is what KTSTR_SIDECAR_DIR says. Error usage: a path without
/// directory.
[[nodiscard]] Result<std::optional<std::string>> directory_by_path(
    const RunSelection& selection, const std::optional<std::string>& sidecar_dir,
    FileSystem& files);

/// How directories are read that no catalog has.
struct DirectoryReading {
  FileSystem& files;
  std::uint64_t max_file_bytes = 256ULL << 20;
  MessageSink note = {};  ///< gets a line for each job that can't be listed; must be there
};

/// Any directory, whatever root it is in: every file is read, nothing is kept. One that isn't there
/// (yet) has no results. Errors: permission or io, if it can't be listed.
[[nodiscard]] Result<FoundRun> read_run(const std::string& directory,
                                        const DirectoryReading& reading);

/// The run of the selection from the catalog, which must be fresh; a name with a slash that is no
/// run there may be that of any directory. Errors: usage for no such run, and those of read_run.
/// That there is no newest run is no error.
[[nodiscard]] Result<FoundRun> load_run(OpenIndex& index, const RunSelection& selection,
                                        const DirectoryReading& reading);

/// The same where the root could not be opened, with the reason. No root yet is no error, unless
/// the selection names a run.
[[nodiscard]] Result<FoundRun> find_run_without_root(const Error& reason,
                                                     const RunSelection& selection,
                                                     const DirectoryReading& reading);

}  // namespace ktstr
