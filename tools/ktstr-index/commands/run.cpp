// SPDX-License-Identifier: MIT
#include <memory>

#include "base/clock.hpp"
#include "child_process.hpp"
#include "commands/commands.hpp"
#include "environment/kconfig_setting.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/kernel_commit_map.hpp"
#include "ktstr/run_directory.hpp"
#include "query/session_summary.hpp"

namespace ktstr {
namespace {

struct RunArguments {
  std::vector<std::string> command;
};

// As shells say it.
constexpr int k_not_found_status = 127;
constexpr int k_not_runnable_status = 126;

/// Where the command's results will be: a root needn't be there before the
/// first run.
std::string root_for(const Context& context) {
  const SessionOptions options = context.session_options();
  if (const auto paths = find_paths(options)) return paths->root.path;
  return canonical_path(runs_root(options.variables).path);
}

/// What the command is told, beside what it inherits.
EnvironmentChanges changes_for(const SessionOptions& stated, const std::string& root,
                               const std::string& session) {
  const Variables& variables = stated.variables;
  EnvironmentChanges changes = {{"KTSTR_RUNS_ROOT", root}, {"KTSTR_RUN_EPOCH", session}};
  // Its writers mirror into the catalog that is refreshed here.
  const std::string catalog = canonical_path(catalog_path(stated.catalog, variables, root).path);
  if (catalog != default_catalog_path(root)) changes.emplace_back("KTSTR_INDEX_CATALOG", catalog);
  const auto kernel = kernel_environment(variables);
  const auto map_before = variables("KTSTR_KERNEL_COMMIT");
  if (kernel && (!map_before || map_before->empty())) {
    KernelSourceOptions options;
    // As the test processes will: one that can't be read counts as unset.
    const auto suffix = stated_kconfig_suffix(std::nullopt, variables);
    if (suffix && *suffix) options.kconfig_suffix = (*suffix)->suffix;
    const std::string map = kernel_commit_map({*kernel}, variables, options);
    if (!map.empty()) changes.emplace_back("KTSTR_KERNEL_COMMIT", map);
  }
  return changes;
}

/// Brings the catalog of `root` up to date, if there is a root yet. What goes
/// wrong is only said: the command that runs matters more.
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

void say_session(const Context& context, std::optional<Session>& index, const std::string& token) {
  std::string text = "no results";
  if (index) {
    const auto summary = find_session(index->database(), token);
    if (!summary) return (void)context.failed(summary.error());
    if (*summary) text = session_text(**summary);
  }
  context.note("session " + token + ": " + text);
}

int run(const Context& context, const RunArguments& arguments) {
  const Variables variables = context.session_options().variables;
  const std::string root = root_for(context);
  const std::string session =
      run_session_token(variables).value_or(std::to_string(system_clock().now_ns()));
  if (const auto elsewhere = sidecar_directory_override(variables)) {
    context.note("KTSTR_SIDECAR_DIR is set: results go to " + *elsewhere + ", not into a session");
  }
  (void)open_fresh(context, root);
  const auto end =
      run_child(arguments.command, changes_for(context.session_options(), root, session));
  if (!end) {
    (void)context.failed(end.error());
    return end.error().code == ErrorCode::not_found ? k_not_found_status : k_not_runnable_status;
  }
  {
    auto index = open_fresh(context, root);
    say_session(context, index, session);
  }  // closed before a signal may end this process
  return end_as(*end);
}

}  // namespace

Command make_run_command(const Context& context) {
  auto arguments = std::make_shared<RunArguments>();
  Command command;
  command.name = "run";
  command.group = "Stores";
  command.summary = "Run the tests as one session, then index what they wrote";
  command.description =
      "Tells the command where the runs root is and which "
      "session this is (KTSTR_RUNS_ROOT, "
      "KTSTR_RUN_EPOCH unless set, KTSTR_KERNEL_COMMIT if "
      "KTSTR_KERNEL is set), so that its test "
      "processes share their run directories instead of "
      "clearing each other's results. The index "
      "is brought up to date before and after. The exit "
      "status is the command's own.";
  command.examples = {{"ktstr-index run -- cargo ktstr test", "a test run as a session"}};
  command.positionals = {
      {"COMMAND", "The program and its arguments, after --", &arguments->command, true}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
