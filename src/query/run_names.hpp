// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// A run directory, or one job directory of it.
struct NamedRun {
  std::string run_dir;
  std::optional<std::string> job = {};  ///< none: the run directory with all its jobs
};

/// What to say of a root that can't be opened. `option` names it on the command line.
[[nodiscard]] Error no_runs_root(Error error, const std::string& root, std::string_view option);

/// Finds the run that a person names: RUN-DIR or RUN-DIR/JOB, a slash at the end allowed. Error
/// usage: a name that isn't one (empty, absolute, with "." or ".." in it, too deep), or that no
/// directory has; the hint says which is near.
[[nodiscard]] Result<NamedRun> find_run(SQLite::Database& database, std::string_view name);

/// The same without a catalog, and gives the directory's path. Errors besides: a root that isn't
/// there (not_found), and a directory that can't be listed.
[[nodiscard]] Result<std::string> find_run_directory(FileSystem& files, const std::string& root,
                                                     std::string_view name);

}  // namespace ktstr
