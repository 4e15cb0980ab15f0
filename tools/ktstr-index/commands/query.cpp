// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "base/clock.hpp"
#include "commands/commands.hpp"
#include "commands/query_about.hpp"
#include "commands/query_arguments.hpp"
#include "commands/query_follow.hpp"
#include "query/result_query.hpp"

namespace ktstr {
namespace {

void note_empty(const Context& context, Session& session, const ResultQuery& query) {
  Filters filters = query.filters;
  // Of "a,b" its parts are there, too, and they are what was meant.
  for (const FilterField& field : filter_fields()) {
    std::erase_if(filters.*field.values,
                  [](const std::string& value) { return value.find(',') != std::string::npos; });
  }
  std::vector<std::string> lines = suggestions(session.database(), filters);
  if (query.expression) {
    const Filters asked = filters_of_expression(*query.expression);
    for (std::string& line : suggestions(session.database(), asked)) {
      lines.push_back(std::move(line));
    }
  }
  for (const std::string& line : lines) context.note(line);
}

/// Prints the rows or the paths; `found` gets the number of results.
int print_results(const Context& context, Session& session, const QueryArguments& arguments,
                  std::uint64_t& found) {
  const ResultQuery& query = arguments.query;
  if (arguments.paths || arguments.nul) {
    return show_paths(context, session, query, arguments.nul, found);
  }
  const Answer answer = print_answer(
      context, session, [&] { return ktstr::run(session.database(), query, system_clock()); });
  found = query.count_only ? static_cast<std::uint64_t>(answer.last_integer) : answer.rows;
  return answer.status;
}

int answer(const Context& context, const QueryArguments& arguments) {
  const ResultQuery& query = arguments.query;
  auto session = context.open(CheckLevel::dirs);
  if (!session) return context.failed(session.error());
  std::uint64_t found = 0;
  const int status = print_results(context, *session, arguments, found);
  if (status != k_done) return status;
  if (found == 0) note_empty(context, *session, query);
  for (const std::string& line : metric_notes(session->database(), query)) context.note(line);
  note_left_out(context, *session, query.filters.strict);
  return expected(arguments.expect, found, status);
}

int run(const Context& context, QueryArguments& arguments) {
  const bool is_table = context.format() == Format::table;
  if (const auto checked = check_arguments(arguments, is_table); !checked) {
    return context.failed(checked.error());
  }
  arguments.query.expression = all_of(arguments.expressions);
  if (arguments.columns) return show_columns(context);
  if (arguments.named) return show_named_queries(context);
  if (arguments.show_sql) return show_sql(context, arguments.query);
  if (arguments.follow) return follow_query(context, arguments.query);
  return answer(context, arguments);
}

}  // namespace

Command make_query_command(const Context& context) {
  auto arguments = std::make_shared<QueryArguments>();
  Command command;
  command.name = "query";
  command.group = "Questions";
  command.summary = "Results, by any SQL expression and by filters";
  command.description =
      "EXPR is an SQL expression over the columns of `results` (--columns lists them), such as "
      "verdict, test_name, scheduler, topology, kernel_version, project_commit; several all have "
      "to hold. Filters may be repeated or hold a,b: the values of one are alternatives, different "
      "ones add up.\n\n"
      "@NAME is a query kept in ktstr-index/config.json below XDG_CONFIG_HOME or in "
      ".ktstr-index.json of the repository: {\"queries\": {\"lavd\": \"scheduler='scx_lavd'\", "
      "\"slow\": [\"--order-by\", \"-worst_gap_ms\", \"--limit\", \"10\"]}}. More options and "
      "EXPR may follow it.";
  command.examples = {
      {"ktstr-index query \"verdict='fail' and scheduler='scx_lavd'\"", "what fails under lavd"},
      {"ktstr-index query --kernel 6.14 --verdict fail --expect none", "a gate for CI"},
      {"ktstr-index query --group-by scheduler,verdict", "counts"},
      {"ktstr-index query --metric worst_p99_wake_latency_us --order-by "
       "-worst_p99_wake_latency_us --limit 10",
       "the slowest wake-ups"},
      {"ktstr-index query --verdict fail,inconclusive --since today --follow",
       "failures on screen while the tests run"},
      {"ktstr-index query --verdict fail -0 | xargs -0 jq .stats", "the files themselves"},
  };
  command.options = query_options(*arguments);
  command.positionals = {{"EXPR", "Which results", &arguments->expressions}};
  command.expand = take_named_query;
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
