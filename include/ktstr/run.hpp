// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ktstr/protocol.hpp"
#include "ktstr/result.hpp"

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

// The stamps of a record, UTC. A clock before 1970 counts as 1970. Thread-safe.

/// "2026-07-04T21:41:43Z", now.
[[nodiscard]] std::string now_iso8601();

/// "20260704T214143Z": when this process first asked for it; the same ever after.
[[nodiscard]] std::string run_id_timestamp();

/// "20260704T214143Z-0", then -1 and so on. Unique in this process only: another one may have the
/// same second.
[[nodiscard]] std::string generate_run_id();

// Where the sidecars of this process go, and what the environment says about its run. Thread-safe
// as far as the variables are.

/// KTSTR_SIDECAR_DIR: sidecars go there as it stands, without lock and clearing. None if it is
/// unset, empty or not UTF-8. A writer reads it once per write, since it may change in between.
[[nodiscard]] std::optional<std::string> sidecar_directory_override(const Variables& variables);

/// "{kernel}-{commit}" with "unknown" for what is missing, and for what can't be a part of a path:
/// a text with "/", "..", control characters or over 120 bytes, or that is not UTF-8. Only the
/// name: the record's own fields stay as they are.
[[nodiscard]] std::string run_directory_name(const std::optional<std::string>& kernel_version,
                                             const std::optional<std::string>& project_commit);

/// The line about runs that share one directory because the commit isn't known. Ours to print at
/// most once a process, and only where the default directory is used.
[[nodiscard]] std::string unknown_project_commit_text();
/// Hands it to `sink` the first time that `gate` is asked. An empty sink swallows it.
void warn_unknown_project_commit(OnceGate& gate, const MessageSink& sink);
/// The same with the process's own gate, to stderr. A failure to print is ignored.
void warn_unknown_project_commit();

/// The line about a kernel version or commit that can't be a part of a path, so that "unknown"
/// stands there; none if both can. Ours to print at most once a process.
[[nodiscard]] std::optional<std::string> refused_path_parts_text(
    const std::optional<std::string>& kernel_version,
    const std::optional<std::string>& project_commit);
/// Hands it to `sink` the first time that there is one. An empty sink swallows it.
void warn_refused_path_parts(const std::optional<std::string>& kernel_version,
                             const std::optional<std::string>& project_commit, OnceGate& gate,
                             const MessageSink& sink);

/// The default directory: below the runs root (KTSTR_RUNS_ROOT, else CARGO_TARGET_DIR/ktstr, else
/// the relative target/ktstr), by what the probes of kernel and project found. Never looks at the
/// disk. Warns through `gate` and `sink` if the commit is missing.
[[nodiscard]] std::string default_sidecar_directory(
    const Variables& variables, const std::optional<std::string>& kernel_version,
    const std::optional<std::string>& project_commit, OnceGate& gate, const MessageSink& sink);
/// The same with the process's own gates, to stderr, and warns of refused parts, too.
[[nodiscard]] std::string default_sidecar_directory(
    const Variables& variables, const std::optional<std::string>& kernel_version,
    const std::optional<std::string>& project_commit);

/// "ci" if KTSTR_CI is set, not empty and UTF-8; else "local".
[[nodiscard]] std::string run_source(const Variables& variables);

/// KTSTR_RUN_EPOCH, whatever it holds: only ever compared. None if it is unset, empty or not UTF-8.
[[nodiscard]] std::optional<std::string> run_session_token(const Variables& variables);

}  // namespace ktstr
#pragma GCC visibility pop
