// SPDX-License-Identifier: MIT
#include "base/asked_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <optional>

#include "base/file_system.hpp"
#include "base/program.hpp"
#include "base/safe_open.hpp"
#include "base/time_text.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_slice_ns = 20'000'000;  // a signal that is held back wakes nobody
constexpr std::int64_t k_short_nap_ns = 200'000;
constexpr std::int64_t k_reap_ns = 500'000'000;  // a process stuck in the kernel can't be killed
constexpr int k_not_started = 127;
constexpr std::size_t k_stack_bytes = 64 << 10;

struct Plan {
  const char* program = nullptr;
  char** arguments = nullptr;
  char** environment = nullptr;
  int output = -1;
  int nothing = -1;            ///< /dev/null
  std::byte* stack = nullptr;  ///< its end; in the copy of the memory that a child has, it is free
  pid_t parent = ::getpid();
};

// From here to exec, only what is safe in a signal handler: other threads may hold any lock. And
// the stack is one that AddressSanitizer doesn't know, so it would complain of every function that
// doesn't return.
#define KTSTR_ON_OWN_STACK __attribute__((no_sanitize("address")))

/// The order to die with whoever waits for this process, who may be dead by now.
KTSTR_ON_OWN_STACK void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(k_not_started);
}

KTSTR_ON_OWN_STACK int become_program(void* plan_pointer) {
  const Plan& plan = *static_cast<const Plan*>(plan_pointer);
  die_with(plan.parent);
  // Above the standard streams first: where one was closed, a descriptor of ours has its number.
  const int output = ::fcntl(plan.output, F_DUPFD, STDERR_FILENO + 1);
  const int nothing = ::fcntl(plan.nothing, F_DUPFD, STDERR_FILENO + 1);
  if (::chdir("/") != 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(nothing, STDERR_FILENO) < 0) {
    ::_exit(k_not_started);
  }
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.arguments, plan.environment);
  ::_exit(k_not_started);
}

/// Starts the program and ends as it ended. It holds no end of the pipe.
KTSTR_ON_OWN_STACK int stand_between(void* plan_pointer) {
  Plan& plan = *static_cast<Plan*>(plan_pointer);
  ::setpgid(0, 0);
  die_with(plan.parent);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, it would take the status away
  plan.parent = ::getpid();
  const pid_t program = ::clone(become_program, plan.stack, SIGCHLD, plan_pointer);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  int status = 0;
  if (program < 0 || ::waitpid(program, &status, 0) != program) ::_exit(k_not_started);
  if (WIFSIGNALED(status)) ::kill(plan.parent, SIGKILL);
  ::_exit(WEXITSTATUS(status));
}

#undef KTSTR_ON_OWN_STACK

/// Two processes, as exec makes SIGCHLD the signal at a process's end whatever it was before: with
/// it the status would be lost where SIGCHLD is ignored, and a wait() of the program that we are a
/// library of could take it. The one between them gives no signal, and only __WALL finds it.
Result<pid_t> start(const ProgramQuestion& question, int output, int nothing) {
  std::vector<std::string> words = {question.program};
  words.insert(words.end(), question.arguments.begin(), question.arguments.end());
  std::vector<std::string> environment = question.environment;
  std::vector<char*> argument_list = c_strings(words);
  std::vector<char*> environment_list = c_strings(environment);
  std::vector<std::byte> stacks(2 * k_stack_bytes);
  Plan plan = {
      question.program.c_str(),     argument_list.data(), environment_list.data(), output, nothing,
      stacks.data() + k_stack_bytes};
  const NoSignals held;  // no handler of ours may run in the children
  const pid_t child = ::clone(stand_between, stacks.data() + stacks.size(), 0, &plan);
  if (child < 0) return fail(os_error(errno, question.program));
  ::setpgid(child, child);
  return child;
}

/// A child that was started, killed with its group and reaped when this dies.
class Child {
 public:
  explicit Child(pid_t number) : number_(number) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(system_clock().steady_ns() + k_reap_ns); }

  /// True once it has ended by itself; it isn't reaped yet, so that its number stays its own.
  [[nodiscard]] bool has_ended() const {
    siginfo_t info = {};
    return ::waitid(P_PID, static_cast<id_t>(number_), &info,
                    WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 ||
           info.si_pid == number_;
  }
  /// How it ended, as waitpid says; none if it can't be reaped by then.
  std::optional<int> end(std::int64_t until_ns) {
    if (number_ == 0) return std::nullopt;
    ::kill(-number_, SIGKILL);
    if (!has_ended()) ::kill(number_, SIGKILL);
    int status = 0;
    pid_t reaped = 0;
    while ((reaped = ::waitpid(number_, &status, WNOHANG | __WALL)) == 0 &&
           system_clock().steady_ns() < until_ns) {
      system_clock().sleep_ns(k_short_nap_ns);
    }
    const bool is_reaped = reaped == number_;
    number_ = 0;
    return is_reaped ? std::optional<int>(status) : std::nullopt;
  }

 private:
  pid_t number_;
};

enum class Reading { open, at_end, cut_off };

/// Takes what is there.
Reading read_some(int pipe, std::size_t most_bytes, std::string& into) {
  std::array<char, 16384> buffer = {};
  while (into.size() <= most_bytes) {
    const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? Reading::open : Reading::at_end;
    if (count == 0) return Reading::at_end;
    into.append(buffer.data(), static_cast<std::size_t>(count));
  }
  into.resize(most_bytes);
  return Reading::cut_off;
}

Result<void> check_time(const ProgramQuestion& question) {
  if (is_stop_pending()) {
    return fail(ErrorCode::interrupted, "not waited for", question.program);
  }
  if (system_clock().steady_ns() >= question.until_ns) {
    return fail(ErrorCode::timeout, "no answer in time", question.program);
  }
  return {};
}

/// Reads until the program has ended, or has said too much.
Result<ProgramAnswer> listen(const ProgramQuestion& question, int pipe, const Child& child) {
  ProgramAnswer answer;
  bool is_silent = false;  // it has closed its output, so it is about to end
  while (true) {
    const bool has_ended = child.has_ended();  // before the last look at what it said
    if (!is_silent) {
      const Reading reading = read_some(pipe, question.most_output_bytes, answer.output);
      is_silent = reading != Reading::open;
      answer.is_cut_off = reading == Reading::cut_off;
    }
    if (has_ended || answer.is_cut_off) return answer;
    if (auto in_time = check_time(question); !in_time) return fail(std::move(in_time.error()));
    if (is_silent) {
      system_clock().sleep_ns(k_short_nap_ns);
    } else {
      pollfd waiting = {pipe, POLLIN, 0};
      ::poll(&waiting, 1, static_cast<int>(k_slice_ns / 1'000'000));
    }
  }
}

}  // namespace

Result<ProgramAnswer> ask_program(const ProgramQuestion& question) {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(os_error(errno, question.program));
  const Descriptor from_child(ends[0]);
  Descriptor to_us(ends[1]);
  const auto nothing = posix::open_at(posix::at_path("/dev/null"), O_RDWR);
  if (!nothing) return fail(nothing.error());
  if (::fcntl(from_child.number(), F_SETFL, O_NONBLOCK) != 0) {
    return fail(os_error(errno, question.program));
  }
  const auto started = start(question, to_us.number(), nothing->number());
  if (!started) return fail(started.error());
  Child child(*started);
  to_us = Descriptor();
  auto answer = listen(question, from_child.number(), child);
  if (!answer || answer->is_cut_off) return answer;
  const auto end = child.end(system_clock().steady_ns() + k_reap_ns);
  if (!end || !WIFEXITED(*end)) {
    return fail(ErrorCode::io, "ended by a signal", question.program);
  }
  answer->status = WEXITSTATUS(*end);
  return answer;
}

}  // namespace ktstr
