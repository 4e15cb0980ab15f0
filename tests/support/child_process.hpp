// SPDX-License-Identifier: MIT
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <stdexcept>
#include <utility>

namespace ktstr::test {

/// A copy of this process that does one thing and ends, with status 0 if it says true. To be made
/// while the process has one thread. It is waited for when the object dies.
class ChildProcess {
 public:
  explicit ChildProcess(const std::function<bool()>& work) : process_(::fork()) {
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ == 0) ::_exit(work() ? 0 : 1);
  }
  ChildProcess(ChildProcess&& other) noexcept : process_(std::exchange(other.process_, -1)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    if (process_ > 0) static_cast<void>(wait());
  }

  /// As waitpid has it.
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    return status;
  }
  [[nodiscard]] bool succeeds() { return wait() == 0; }
  [[nodiscard]] bool is_killed() {
    const int status = wait();
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  pid_t process_;
};

}  // namespace ktstr::test
