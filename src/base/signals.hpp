// SPDX-License-Identifier: MIT
#pragma once

// Signals of a process whose threads and children are ours, but whose handlers are the command's.

#include <pthread.h>

#include <csignal>

namespace ktstr {

/// Holds every signal back in this thread, so that threads and children started meanwhile never
/// take one.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

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
