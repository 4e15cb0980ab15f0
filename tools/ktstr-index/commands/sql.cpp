// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "commands/commands.hpp"
#include "query/statement.hpp"

namespace ktstr {
namespace {

struct SqlArguments {
  std::string statement;
  std::string expect;
  double timeout_s = 60;
};

int run(const Context& context, const SqlArguments& arguments) {
  auto session = context.open(CheckLevel::dirs);
  if (!session) return context.failed(session.error());
  const auto timeout_ns = static_cast<std::int64_t>(arguments.timeout_s * 1e9);
  const Answer answer = print_answer(context, *session, [&] {
    return run_statement(session->database(), arguments.statement, timeout_ns, system_clock());
  });
  return expected(arguments.expect, answer.rows, answer.status);
}

}  // namespace

Command make_sql_command(const Context& context) {
  auto arguments = std::make_shared<SqlArguments>();
  Command command;
  command.name = "sql";
  command.group = "Questions";
  command.summary = "Any one statement that only reads the views";
  command.description =
      "Views: results, pool, run_dirs, sessions, metrics, verifier_programs, callbacks, kvm_stats, "
      "payload_metrics, hosts, artifacts, files, about.";
  command.examples = {
      {"ktstr-index sql \"select path, error from files where status <> 'ok'\"",
       "what could not be read, and why"},
      {"ktstr-index sql \"select program, max(verified_insns) from verifier_programs group by 1\"",
       "the largest BPF programs"},
  };
  command.options = {
      {"--expect",
       "WHAT",
       "Exit 1 unless there are none, or some",
       &arguments->expect,
       {"none", "some"}},
      {"--timeout", "SECONDS", "Give up after so long; 0: never", &arguments->timeout_s},
  };
  command.positionals = {{"STATEMENT", "One SELECT", &arguments->statement, true}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
