// SPDX-License-Identifier: MIT
#include "child_process.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/file_system.hpp"

namespace ktstr {
namespace {

/// The signals that this process takes up itself while a child runs.
sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

/// Holds signals back, to be fetched instead: so there is no handler, and none is missed between
/// the start of the child and the wait.
class HeldSignals {
 public:
  HeldSignals() : set_(handled_signals()) { ::sigprocmask(SIG_BLOCK, &set_, &before_); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  [[nodiscard]] const sigset_t& mask_before() const { return before_; }
  [[nodiscard]] int next(siginfo_t& info) const { return ::sigwaitinfo(&set_, &info); }

 private:
  sigset_t set_;
  sigset_t before_{};
};

Result<pid_t> spawn(std::vector<std::string> command, const EnvironmentChanges& changes,
                    const sigset_t& mask) {
  std::vector<std::string> environment = environment_with(changes);
  // This program ignores those; that must not be inherited.
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int number : {SIGPIPE, SIGXFSZ}) sigaddset(&defaults, number);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawnattr_setsigmask(&attributes, &mask);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child, command.front().c_str(), nullptr, &attributes,
                                     c_strings(command).data(), c_strings(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  if (problem != 0) return fail(os_error(problem, command.front()));
  return child;
}

/// The terminal sends to the whole group, the child included; a kill(1) only to us.
bool is_for_us_alone(const siginfo_t& info) {
  return info.si_signo == SIGTERM || info.si_signo == SIGHUP || info.si_code <= 0;
}

ChildEnd wait_for(pid_t child, const HeldSignals& signals) {
  bool is_told_to_end = false;
  while (true) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      if (WIFSIGNALED(status)) return {0, WTERMSIG(status), is_told_to_end};
      return {WEXITSTATUS(status), 0, is_told_to_end};
    }
    siginfo_t info{};
    const int number = signals.next(info);
    if (number <= 0 || number == SIGCHLD) continue;
    is_told_to_end = true;
    if (is_for_us_alone(info)) ::kill(child, number);
  }
}

}  // namespace

Result<ChildEnd> run_child(const std::vector<std::string>& command,
                           const EnvironmentChanges& changes) {
  std::signal(SIGCHLD, SIG_DFL);  // where it was inherited as ignored, there is nothing to wait for
  const HeldSignals signals;
  const auto child = spawn(command, changes, signals.mask_before());
  if (!child) return fail(child.error());
  return wait_for(*child, signals);
}

int end_as(const ChildEnd& end) {
  if (end.signal == 0) return end.status;
  std::signal(end.signal, SIG_DFL);
  ::raise(end.signal);
  return 128 + end.signal;  // it was blocked, or doesn't kill
}

}  // namespace ktstr
