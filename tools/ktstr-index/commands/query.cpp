// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "base/time_text.hpp"
#include "commands/commands.hpp"
#include "query/result_query.hpp"

namespace ktstr {
namespace {

struct QueryArguments {
  ResultQuery query;
  std::string expect;
  double timeout_s = 60;
};

/// "a,b" and repeated options alike.
ValueParser parse_time_into(std::optional<std::int64_t>& target) {
  return [&target](const std::string& text) -> Result<void> {
    target = parse_time(text, system_clock().now_ns());
    if (target) return {};
    return fail(ErrorCode::usage, "'" + text + "' is no time (2026-07-04, 2d, today, …)");
  };
}

void note_empty(const Context& context, Session& session, const ResultQuery& query) {
  for (const std::string& line : suggestions(session.database(), query.filters)) {
    context.note(line);
  }
}

int run(const Context& context, const QueryArguments& arguments) {
  auto session = context.open(CheckLevel::dirs);
  if (!session) return context.failed(session.error());
  ResultQuery query = arguments.query;
  query.timeout_ns = static_cast<std::int64_t>(arguments.timeout_s * 1e9);
  const Answer answer = print_answer(
      context, *session, [&] { return ktstr::run(session->database(), query, system_clock()); });
  if (answer.status != k_done) return answer.status;
  const auto found =
      query.count_only ? static_cast<std::uint64_t>(answer.last_integer) : answer.rows;
  if (found == 0) note_empty(context, *session, query);
  for (const std::string& line : metric_notes(session->database(), query)) context.note(line);
  note_left_out(context, *session, query.filters.strict);
  return expected(arguments.expect, found, answer.status);
}

std::vector<Option> filter_options(Filters& filters) {
  return {
      {"--kernel", "VERSION", "Kernel version; 6.14 means the whole series", &filters.kernels},
      {"--project-commit", "COMMIT", "Commit of the tested project", &filters.project_commits},
      {"--kernel-commit", "COMMIT", "Commit of the kernel's source", &filters.kernel_commits},
      {"--run-source", "SOURCE", "local or ci", &filters.run_sources},
      {"--resolve-source", "SOURCE", "How the scheduler was found", &filters.resolve_sources},
      {"--cpu-budget", "N", "Host CPUs that the guest may use", &filters.cpu_budgets},
      {"--scheduler", "NAME", "Scheduler under test", &filters.schedulers},
      {"--topology", "LABEL", "Guest topology, e.g. 1n2l4c1t", &filters.topologies},
      {"--work-type", "NAME", "Workload, e.g. SpinWait", &filters.work_types},
      {"--test", "NAME", "Test name, as here or as nextest prints it; * and ? match",
       &filters.tests},
      {"--verdict", "VERDICT", "pass, fail, skip or inconclusive", &filters.verdicts},
      {"--run-dir", "NAME", "Run directory", &filters.run_dirs},
      {"--session", "TOKEN", "Session token", &filters.sessions},
      {"--since", "TIME", "From then on: 2026-07-04, 2d, today, epoch seconds",
       parse_time_into(filters.since_ns)},
      {"--until", "TIME", "Up to then", parse_time_into(filters.until_ns)},
      {"--strict", "", "Leave out records of another schema version", &filters.strict},
  };
}

std::vector<Option> shape_options(QueryArguments& arguments) {
  ResultQuery& query = arguments.query;
  return {
      {"--metric", "NAME", "Add a metric as a column, usable in EXPR too", &query.metrics},
      {"--phase", "STEP", "Metrics of this phase: 0 is the baseline, 1 the first step",
       &query.phase},
      {"--cgroup", "NAME", "Metrics of this cgroup", &query.cgroup},
      {"--select", "COLUMNS", "Columns or expressions to show", &query.select},
      {"--order-by", "COLUMNS", "NAME, -NAME or \"NAME desc\"", &query.order_by},
      {"--group-by", "COLUMNS", "Count the results of each group", &query.group_by},
      {"--limit", "N", "At most so many rows", &query.limit},
      {"--count", "", "Only how many there are", &query.count_only},
      {"--expect",
       "WHAT",
       "Exit 1 unless there are none, or some",
       &arguments.expect,
       {"none", "some"}},
      {"--timeout", "SECONDS", "Give up after so long; 0: never", &arguments.timeout_s},
  };
}

}  // namespace

Command make_query_command(const Context& context) {
  auto arguments = std::make_shared<QueryArguments>();
  Command command;
  command.name = "query";
  command.group = "Questions";
  command.summary = "Results, by any SQL expression and by filters";
  command.description =
      "EXPR is an SQL expression over the columns of `results`, such as verdict, test_name, "
      "scheduler, topology, kernel_version, project_commit. Filters may be repeated: the values of "
      "one are alternatives, different ones add up.";
  command.examples = {
      {"ktstr-index query \"verdict='fail' and scheduler='scx_lavd'\"", "what fails under lavd"},
      {"ktstr-index query --kernel 6.14 --verdict fail --expect none", "a gate for CI"},
      {"ktstr-index query --group-by scheduler,verdict", "counts"},
      {"ktstr-index query --metric worst_p99_wake_latency_us --order-by "
       "-worst_p99_wake_latency_us --limit 10",
       "the slowest wake-ups"},
  };
  command.options = filter_options(arguments->query.filters);
  for (Option& option : shape_options(*arguments)) command.options.push_back(std::move(option));
  command.positionals = {{"EXPR", "Which results", &arguments->query.expression}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
