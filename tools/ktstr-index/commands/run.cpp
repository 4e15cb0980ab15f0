// SPDX-License-Identifier: MIT
#include <memory>

#include "capturing.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "query/sessions.hpp"
#include "session_run.hpp"

namespace ktstr {
namespace {

struct RunArguments {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> labels;
  bool no_capture = false;
  bool traces = false;
};

void say_session(const Context& context, std::optional<OpenIndex>& index,
                 const std::string& token) {
  std::string text = "no results";
  if (index) {
    const auto summary = find_session(index->database(), token);
    if (!summary) return (void)context.failed(summary.error());
    if (*summary) text = session_text(**summary);
  }
  context.note("session " + token + ": " + text);
}

int run(const Context& context, const RunArguments& arguments) {
  SessionRun plan = plan_session_run(context);
  plan.labels = arguments.labels;
  plan.with_traces = arguments.traces;
  plan.is_captured = !arguments.no_capture;
  // With an archive, run_in_session does that.
  if (!chosen_archive_of(context).path) (void)open_fresh(context, plan.root);
  const auto end = run_in_session(context, plan, arguments.command);
  if (!end) return not_started(context, end.error());
  {
    auto index = open_fresh(context, plan.root);
    say_session(context, index, plan.session);
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
      "Tells the command where the runs root is and which session this is (KTSTR_RUNS_ROOT, "
      "KTSTR_RUN_EPOCH unless set, KTSTR_KERNEL_COMMIT if KTSTR_KERNEL is set), so that its test "
      "processes share their run directories instead of clearing each other's results. The index "
      "is brought up to date before and after. Each version of a result or failure dump that the "
      "command writes is archived, one that it soon replaces or removes, too. The exit status is "
      "the command's own.";
  command.examples = {
      {"ktstr-index run -- cargo ktstr test", "a test run as a session"},
      {"ktstr-index run --label pr=7 -- cargo ktstr test", "whose results are found by label.pr"}};
  command.options = {
      {"--label", "KEY=VALUE", "Say this of the session's archived results (repeatable)",
       parse_label_into(arguments->labels)},
      {"--no-capture", "", "Archive only what is there when the command has ended",
       &arguments->no_capture},
      {"--traces", "", "Archive wprof traces, too", &arguments->traces},
  };
  command.positionals = {
      {"COMMAND", "The program and its arguments, after --", &arguments->command, true}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
