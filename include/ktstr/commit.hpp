// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ktstr/variables.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

// The git commit that a directory is at: the first 7 hex digits of HEAD, with "-dirty" behind them
// if the index differs from HEAD or a tracked file differs from the index. Untracked files don't
// count, nor what a submodule has checked out; the submodule commit that is staged does. A missing
// index is no change. A question about changes that can't be answered counts as a change, and one
// line on stderr says so, once a process: a run that passed for the clean commit's would replace
// its results. None where HEAD can't be read: no repository, no commit yet, a commit that is
// missing, a repository with SHA-256 names, no libgit2 on the machine.
//
// libgit2 finds the repository and HEAD. The `git` command of PATH's absolute entries (2.18 or
// newer) says what has changed, libgit2 where there is none. No program runs that a configuration
// names, so a file behind a filter (git-lfs) whose stamp isn't the index's can't be told about;
// nothing is fetched, locked or written. Each look has 5 s; once one of this process has waited in
// vain, the next ones wait for the same judge a quarter of a second. The git command dies with the
// thread that asks, and no wait() or SIGCHLD of this process has to do with it.
//
// All functions are thread-safe and never fail otherwise. GIT_DIR and the like are not looked at.

/// Which repository is meant by a directory.
enum class CommitSearch {
  upward,  ///< the nearest one, from the directory up to the file system's boundary
  exact,   ///< the one whose top (or git directory) the directory is
};

/// Looks afresh at each call. Takes about as long as `git status --untracked-files=no`.
[[nodiscard]] std::optional<std::string> commit_at(const std::string& directory,
                                                   CommitSearch search);

/// The commit of the project that this process was started in: KTSTR_PROJECT_COMMIT verbatim if it
/// is set, not empty and UTF-8, else the one found upward of the working directory. The first one
/// found is the answer for the rest of the process; not having found one is not remembered.
[[nodiscard]] std::optional<std::string> detect_project_commit(const Variables& variables);

/// The commit of a kernel's source tree, whose top the directory has to be: a parent's repository
/// would be another project's. Remembered per directory, links resolved, for the rest of the
/// process; not having found one is not remembered.
[[nodiscard]] std::optional<std::string> detect_kernel_commit(const std::string& directory);

}  // namespace ktstr
#pragma GCC visibility pop
