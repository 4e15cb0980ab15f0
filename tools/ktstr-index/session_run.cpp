// SPDX-License-Identifier: MIT
#include "session_run.hpp"

#include <spawn.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "capturing.hpp"
#include "environment/protocol.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/run.hpp"
#include "store/names.hpp"

namespace ktstr {
namespace {

constexpr int k_failed_status = 3;

void put(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody is left to be told
}

/// One line, in one call, without memory.
void say(const char* what) {
  constexpr const char* k_parts[] = {"ktstr-index: ", "", "\n"};
  iovec parts[3];
  for (int i = 0; i < 3; ++i) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): writev's type is older than const
    char* const text = const_cast<char*>(i == 1 ? what : k_parts[i]);
    parts[i] = {text, std::strlen(text)};
  }
  if (::writev(STDERR_FILENO, parts, 3) < 0) return;
}

[[noreturn]] void terminate() {
  if (std::current_exception() != nullptr) {
    ::_exit(say_uncaught());
  }
  say("ended for want of a way on");
  ::_exit(k_failed_status);
}

}  // namespace

void end_process(std::string_view line, int status) {
  put(line);
  ::_exit(status);
}

void end_cleanly_on_terminate() { std::set_terminate(terminate); }

int say_uncaught() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    say("not enough memory");
  } catch (const std::length_error&) {  // more than any machine has
    say("not enough memory");
  } catch (const std::exception& exception) {
    say(exception.what());
  } catch (...) {
    say("failed without a reason");
  }
  return k_failed_status;
}

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

namespace {

// As shells say it.
constexpr int k_not_found_status = 127;
constexpr int k_not_runnable_status = 126;

// Linux's own limits, whatever sysconf says where the stack is unlimited.
constexpr std::size_t k_longest_argument = 128 * 1024;
constexpr std::size_t k_longest_command = 6 * 1024 * 1024;
// What is set for the session, and what the command adds for those that it starts in turn.
constexpr std::size_t k_headroom = 32 * 1024;

std::size_t length_of(std::string_view text) { return text.size() + 1 + sizeof(char*); }

std::size_t room_for_arguments() {
  const long stated = ::sysconf(_SC_ARG_MAX);
  const std::size_t limit = stated < 0
                                ? k_longest_command
                                : std::min(static_cast<std::size_t>(stated), k_longest_command);
  std::size_t used = k_headroom;
  for (char** entry = ::environ; *entry != nullptr; ++entry) used += length_of(*entry);
  return limit > used ? limit - used : 0;
}

std::string root_for(const OpenIndexOptions& options) {
  if (const auto paths = find_paths(options)) return paths->root.path;
  return canonical_path(runs_root(options.variables).path);
}

/// What the command is told, beside what it inherits.
EnvironmentChanges changes_for(const OpenIndexOptions& stated, const SessionRun& run) {
  const Variables& variables = stated.variables;
  EnvironmentChanges changes = {{"KTSTR_RUNS_ROOT", run.root}, {"KTSTR_RUN_EPOCH", run.session}};
  // Its writers mirror into the catalog that is refreshed here.
  const std::string catalog =
      canonical_path(catalog_path(stated.catalog, variables, run.root).path);
  if (catalog != default_catalog_path(run.root)) {
    changes.emplace_back("KTSTR_INDEX_CATALOG", catalog);
  }
  if (stated.archive) {
    const bool is_off = *stated.archive == "off";
    changes.emplace_back("KTSTR_INDEX_ARCHIVE", is_off ? "off" : absolute_path(*stated.archive));
  }
  const auto kernel = kernel_environment(variables);
  const auto map_before = variables("KTSTR_KERNEL_COMMIT");
  if (kernel && (!map_before || map_before->empty())) {
    KernelSourceOptions options;
    options.kconfig_suffix = lenient_kconfig_suffix(variables);  // as the test processes will
    const std::string map = kernel_commit_map({*kernel}, variables, options);
    if (!map.empty()) changes.emplace_back("KTSTR_KERNEL_COMMIT", map);
  }
  return changes;
}

}  // namespace

SessionRun plan_session_run(const Context& context) {
  const OpenIndexOptions options = context.index_options();
  SessionRun run;
  run.root = root_for(options);
  run.session =
      run_session_token(options.variables).value_or(std::to_string(system_clock().now_ns()));
  if (const auto elsewhere = sidecar_directory_override(options.variables)) {
    run.is_elsewhere = true;
    context.note("KTSTR_SIDECAR_DIR is set: results go to " + *elsewhere + ", not into a session");
  }
  return run;
}

std::optional<OpenIndex> open_fresh(const Context& context, const std::string& root) {
  OpenIndexOptions options = context.index_options();
  options.root = root;
  if (!options.file_system->status(root, FollowLinks::yes)) return std::nullopt;
  auto index = OpenIndex::open(options);
  if (!index) {
    (void)context.failed(index.error());
    return std::nullopt;
  }
  const auto fresh = index->make_fresh(context.check_or(CheckLevel::files));
  for (const Warning& warning : index->take_warnings()) context.tell(warning);
  if (fresh) return std::move(*index);
  (void)context.failed(fresh.error());
  return std::nullopt;
}

Result<ChildEnd> run_in_session(const Context& context, const SessionRun& run,
                                const std::vector<std::string>& command,
                                const EnvironmentChanges& more) {
  EnvironmentChanges changes = changes_for(context.index_options(), run);
  changes.insert(changes.end(), more.begin(), more.end());
  SessionCapture capture(context, run);
  auto end = run_child(command, changes);
  capture.finish(end ? std::optional<ChildEnd>(*end) : std::nullopt);
  return end;
}

Result<void> check_length(const std::vector<std::string>& command) {
  std::size_t total = 0;
  std::size_t longest = 0;
  for (const std::string& argument : command) {
    total += length_of(argument);
    longest = std::max(longest, argument.size() + 1);
  }
  if (total <= room_for_arguments() && longest <= k_longest_argument) return {};
  return fail(ErrorCode::usage,
              "a command of " + std::to_string(total) + " bytes is too long for this system");
}

int not_started(const Context& context, const Error& error) {
  (void)context.failed(error);
  return error.code == ErrorCode::not_found ? k_not_found_status : k_not_runnable_status;
}

}  // namespace ktstr
