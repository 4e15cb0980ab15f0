// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "commands/commands.hpp"
#include "commands/query_arguments.hpp"
#include "query/statement.hpp"

namespace ktstr {
namespace {

struct SqlArguments {
  std::string statement;
  OverArguments over;
  GateArguments gate;
  std::int64_t timeout_ns = 60'000'000'000;
};

/// Nobody has said which columns matter. The first do, more likely than the last, and a few whole
/// ones say more than all of them cut to a few letters.
std::unique_ptr<RowSource> first_columns_first(std::unique_ptr<RowSource> rows) {
  std::vector<RowColumn> columns = rows->columns();
  int priority = 0;
  for (RowColumn& column : columns) column.priority = priority++;
  return with_columns(std::move(columns), std::move(rows));
}

int run(const Context& context, const SqlArguments& arguments) {
  auto session = open_over(context, arguments.over);
  if (!session) return context.failed(session.error());
  if (names_past(arguments.statement) && !is_past_attached(session->database())) {
    const auto looked = look_over(context, *session, Over::now, arguments.over);
    if (!looked) return context.failed(looked.error());
  }
  const MakeRows make = [&]() -> Result<std::unique_ptr<RowSource>> {
    auto rows = run_statement(session->database(), arguments.statement, arguments.timeout_ns,
                              system_clock());
    if (!rows) return rows;
    return first_columns_first(std::move(*rows));
  };
  const Answer answer = print_answer(context, *session, arguments.timeout_ns, make);
  if (arguments.gate.is_gate() && answer.status == k_done && names_past(arguments.statement)) {
    // It is judged by what the past has, too; that there is none is a part that is missing.
    if (past_path(session->database()).empty()) session->note_partial();
    const auto looked = session->look_over({Over::all, true});
    if (!looked) return context.failed(looked.error());
  }
  return judged(context, *session, arguments.gate, ResultQuery{}, answer.rows, answer.status);
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
      "payload_metrics, hosts, artifacts, files, about.\n\n"
      "They are about what is there now, with --over past about what the archive has seen of this "
      "project, with --over all about both without doubles, where sidecar_id is negative for what "
      "only the archive has. The archive itself, of all projects, is the schema past with the same "
      "views and observations, labels, documents and pins; observations and labels go without "
      "past., too, and are of this project.";
  command.examples = {
      {"ktstr-index sql \"select path, error from files where status <> 'ok'\"",
       "what could not be read, and why"},
      {"ktstr-index sql \"select program, max(verified_insns) from verifier_programs group by 1\"",
       "the largest BPF programs"},
      {"ktstr-index sql \"select day, count(*) from results group by 1\" --over all",
       "how many results each day has"},
      {"ktstr-index sql \"select path, size_bytes from past.files where status = 'corrupt'\"",
       "what was broken at some time"},
  };
  command.options = {
      {"--timeout", "SECONDS", "Give up after so long; 0: never",
       parse_seconds_into(arguments->timeout_ns)},
  };
  for (Option& option : gate_options(arguments->gate)) {
    command.options.push_back(std::move(option));
  }
  for (Option& option : over_options(arguments->over)) {
    command.options.push_back(std::move(option));
  }
  command.positionals = {{"STATEMENT", "One SELECT", &arguments->statement, true}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
