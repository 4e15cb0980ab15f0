// SPDX-License-Identifier: MIT
#pragma once

// Running tests as one session, for the commands that do.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "child_process.hpp"
#include "context.hpp"

namespace ktstr {

/// Where the results of a command will be, and the session that they will belong to.
struct SessionRun {
  std::string root;
  std::string session;
  bool is_elsewhere = false;  ///< KTSTR_SIDECAR_DIR takes the results out of root and session
  /// For the archive: what all results of the session get, and whether versions that don't live
  /// until the command's end are kept.
  std::vector<std::pair<std::string, std::string>> labels = {};
  bool with_traces = false;
  bool is_captured = true;
};

/// KTSTR_RUN_EPOCH, if it is set, is the session; else a new one. A root needn't be there before
/// the first run. Says if the results go elsewhere.
[[nodiscard]] SessionRun plan_session_run(const Context& context);

/// Brings the catalog of `root` up to date, if there is a root yet. What goes wrong is only said:
/// the tests matter more.
[[nodiscard]] std::optional<Session> open_fresh(const Context& context, const std::string& root);

/// Runs the command with the environment of the session, and with `more`. What is there before, and
/// what comes meanwhile, is archived. As run_child; a session of ours must not be open in this
/// process meanwhile.
[[nodiscard]] Result<ChildEnd> run_in_session(const Context& context, const SessionRun& run,
                                              const std::vector<std::string>& command,
                                              const EnvironmentChanges& more = {});

/// Whether the system takes a command so long. Error usage: it doesn't; what makes it shorter is
/// the caller's to say.
[[nodiscard]] Result<void> check_length(const std::vector<std::string>& command);

/// Says why the command could not be started; gives the exit status that shells have for it.
[[nodiscard]] int not_started(const Context& context, const Error& error);

}  // namespace ktstr
