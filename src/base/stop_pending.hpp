// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

namespace ktstr {

/// Whether a signal that asks this process to end was held back and waits to be taken: whoever
/// waits for something had better not go on. Thread-safe.
[[nodiscard]] inline bool is_stop_pending() {
  sigset_t pending;
  if (::sigpending(&pending) != 0) return false;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    if (sigismember(&pending, number) == 1) return true;
  }
  return false;
}

}  // namespace ktstr
