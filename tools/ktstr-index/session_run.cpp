// SPDX-License-Identifier: MIT
#include "session_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "base/clock.hpp"
#include "capture_session.hpp"
#include "environment/kconfig_setting.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/kernel_commit_map.hpp"
#include "ktstr/run_directory.hpp"

namespace ktstr {
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

std::string root_for(const SessionOptions& options) {
  if (const auto paths = find_paths(options)) return paths->root.path;
  return canonical_path(runs_root(options.variables).path);
}

/// What the command is told, beside what it inherits.
EnvironmentChanges changes_for(const SessionOptions& stated, const SessionRun& run) {
  const Variables& variables = stated.variables;
  EnvironmentChanges changes = {{"KTSTR_RUNS_ROOT", run.root}, {"KTSTR_RUN_EPOCH", run.session}};
  // Its writers mirror into the catalog that is refreshed here.
  const std::string catalog =
      canonical_path(catalog_path(stated.catalog, variables, run.root).path);
  if (catalog != default_catalog_path(run.root)) {
    changes.emplace_back("KTSTR_INDEX_CATALOG", catalog);
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
  const SessionOptions options = context.session_options();
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

std::optional<Session> open_fresh(const Context& context, const std::string& root) {
  SessionOptions options = context.session_options();
  options.root = root;
  if (!options.file_system->status(root, FollowLinks::yes)) return std::nullopt;
  auto session = Session::open(options);
  if (!session) {
    (void)context.failed(session.error());
    return std::nullopt;
  }
  const auto fresh = session->make_fresh(context.check_or(CheckLevel::files));
  for (const std::string& warning : session->take_warnings()) context.note(warning);
  if (fresh) return std::move(*session);
  (void)context.failed(fresh.error());
  return std::nullopt;
}

Result<ChildEnd> run_in_session(const Context& context, const SessionRun& run,
                                const std::vector<std::string>& command,
                                const EnvironmentChanges& more) {
  EnvironmentChanges changes = changes_for(context.session_options(), run);
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
