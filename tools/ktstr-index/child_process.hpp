// SPDX-License-Identifier: MIT
#pragma once

// Running another program in the foreground, as a shell's `time` does.

#include <string>
#include <vector>

#include "base/program.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

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

}  // namespace ktstr
