// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/program.hpp"
#include "context.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// Says the line and ends the process as it stands, without destructors and unwritten output. For
/// signal handlers, and where memory is short.
[[noreturn]] void end_process(std::string_view line, int status);

/// What nobody caught, in whatever thread, ends the process with one line and the status of what
/// could not be done, in place of an abort.
void end_cleanly_on_terminate();

/// One line about the exception that is being handled; gives the exit status for it.
[[nodiscard]] int say_uncaught();

// Running another program in the foreground, as a shell's `time` does.

/// How a program ended: by itself with a status, or by a signal.
struct ChildEnd {
  int status = 0;
  int signal = 0;  ///< 0: by itself
  /// This process, and with it the program, was told to end meanwhile.
  bool is_told_to_end = false;
};

/// Runs `command` (a program, found as a shell finds it, and its arguments) and waits for its end.
/// Standard streams and process group are shared. Signals of the terminal reach the child by
/// themselves; SIGTERM and SIGHUP, and any that another process sends only to us, are handed on.
/// Errors: not_found, permission or io if it could not be started. No other thread may wait for
/// children at the time.
[[nodiscard]] Result<ChildEnd> run_child(const std::vector<std::string>& command,
                                         const EnvironmentChanges& changes);

/// The exit status that says the same about this process; where the child died of a signal, this
/// process does, too, and the call doesn't return.
[[nodiscard]] int end_as(const ChildEnd& end);

// Running tests as one session, for the commands that do.

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
[[nodiscard]] std::optional<OpenIndex> open_fresh(const Context& context, const std::string& root);

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
