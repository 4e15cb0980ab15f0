// SPDX-License-Identifier: MIT
#pragma once

// Where the sidecars of this process go, and what the environment says about its run. Thread-safe
// as far as the variables are.

#include <optional>
#include <string>

#include "ktstr/messages.hpp"
#include "ktstr/variables.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

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
