// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

namespace ktstr {

/// Holds SIGINT and SIGTERM back while it lives, to be asked for between two pieces of work: the
/// one at hand can be finished and committed. Threads have to be started after it, so that none of
/// them takes the signal. One that nobody asked for takes effect when this dies.
class StopRequest {
 public:
  StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest();

  /// Whether somebody wants an end by now.
  [[nodiscard]] bool is_made();
  /// Can be read as soon as somebody does; for those who wait for other things, too. -1 if the
  /// system has none left.
  [[nodiscard]] int descriptor();
  /// The signal's number; 0: none so far.
  [[nodiscard]] int signal() const { return signal_; }

 private:
  sigset_t held_{};
  sigset_t before_{};
  int signal_ = 0;
  int descriptor_ = -1;
};

}  // namespace ktstr
