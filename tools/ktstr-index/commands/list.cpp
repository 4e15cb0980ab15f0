// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "commands/commands.hpp"
#include "commands/query_arguments.hpp"
#include "database/connection.hpp"
#include "library/index.hpp"
#include "query/statement.hpp"
#include "record/metric_registry.hpp"
#include "report/documents.hpp"
#include "report/texts.hpp"

namespace ktstr {
namespace {

// The first four columns are the harness's own listing; a run with several architectures shows the
// first, as the harness does.
constexpr const char* k_list_sql =
    "SELECT run_dir AS run, tests, first_timestamp AS date, "
    "coalesce(arch, (SELECT r.arch FROM pool r WHERE r.run_dir = d.run_dir AND r.arch IS NOT NULL "
    "ORDER BY r.job, r.file_name LIMIT 1)) AS arch, "
    "pass, fail, skip, inconclusive FROM run_dirs d ORDER BY mtime_ns DESC, run_dir";

// What some answer or other leaves out.
constexpr const char* k_left_out_sql =
    "SELECT path, status, error FROM files WHERE status <> 'ok' ORDER BY run_dir, job, file_name";

struct ListArguments {
  bool left_out = false;
  OverArguments over;
};

const std::vector<RowColumn>& left_out_columns() {
  static const std::vector<RowColumn> columns = {{"path", 0, 24}, {"status"}, {"error", 0, 24}};
  return columns;
}

const std::vector<RowColumn>& list_columns() {
  // A name that is cut and a date without its end are useless; the architecture is nearly always
  // the same.
  static const std::vector<RowColumn> columns = {
      {"run", 0, 20}, {"tests", 1}, {"date", 2, 20}, {"arch", 5},
      {"pass", 3},    {"fail", 1},  {"skip", 4},     {"inconclusive", 4, 7}};
  return columns;
}

Result<std::unique_ptr<RowSource>> list_rows(OpenIndex& index, bool left_out) {
  auto rows =
      run_statement(index.database(), left_out ? k_left_out_sql : k_list_sql, 0, system_clock());
  if (!rows) return fail(std::move(rows.error()));
  return with_columns(left_out ? left_out_columns() : list_columns(), std::move(*rows));
}

Result<bool> has_runs(OpenIndex& index) {
  return guarded(index.catalog_path(), [&]() -> Result<bool> {
    return index.database().execAndGet("SELECT EXISTS(SELECT 1 FROM run_dirs)").getInt() != 0;
  });
}

/// Without runs a person gets no header over nothing, as the harness has it.
Answer print_runs(const Context& context, OpenIndex& index) {
  if (context.format() == Format::table) {
    const auto some = has_runs(index);
    if (!some) return {context.failed(some.error())};
    if (!*some) return {};
  }
  return print_answer(context, index, 0, [&] { return list_rows(index, false); });
}

int run(const Context& context, const ListArguments& arguments) {
  auto index = open_over(context, arguments.over);
  if (!index) {
    if (index.error().code != ErrorCode::not_found) return context.failed(index.error());
    context.note_no_root(index.error());
    if (context.format() == Format::table) return k_done;
    RowList nothing(arguments.left_out ? left_out_columns() : list_columns(), {});
    return context.print_rows(nothing);
  }
  if (arguments.left_out) {
    return print_answer(context, *index, 0, [&] { return list_rows(*index, true); }).status;
  }
  const Answer answer = print_runs(context, *index);
  if (answer.status != k_done) return answer.status;
  if (answer.rows == 0) context.note("no run directories in " + index->paths().root.path);
  note_left_out(context, *index, whole_pool_filters());
  return k_done;
}

}  // namespace

Command make_list_command(const Context& context) {
  auto arguments = std::make_shared<ListArguments>();
  Command command;
  command.name = "list";
  command.group = "Questions";
  command.summary = "The run directories, newest first";
  command.description =
      "TESTS counts the results that the harness itself would load, and the verdicts add up to it. "
      "The files that it could not load are what --left-out lists: corrupt, unreadable, or of "
      "another schema version (drift), each with the reason.\n\n"
      "--over past lists the run directories that the archive knows: of each file name it counts "
      "what stood there last, so that the numbers are those of the directory's last state. --over "
      "all has those that are there now as they are, and the archive's others.";
  command.options = {
      {"--left-out", "", "The files that answers leave out, and why", &arguments->left_out}};
  for (Option& option : over_options(arguments->over)) {
    command.options.push_back(std::move(option));
  }
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

namespace {

int run(const Context& context, bool is_json) {
  if (is_json || context.format() == Format::json) {
    return context.print_text(json_document(JsonValue(metrics_document(metric_registry()))));
  }
  MetricRows rows;
  return context.print_rows(rows);
}

}  // namespace

Command make_list_metrics_command(const Context& context) {
  auto is_json = std::make_shared<bool>(false);
  Command command;
  command.name = "list-metrics";
  command.group = "Listings";
  command.summary = "The metrics, which way each is good, and what it means";
  command.description =
      "Every metric that the harness knows, in its own order; components of rates are among them. "
      "A change counts from the two defaults on: DEFAULT_ABS in the metric's unit, and DEFAULT_REL "
      "as a fraction of the old value. Needs no results.";
  command.examples = {
      {"ktstr-index list-metrics --json", "for a script"},
      {"ktstr-index list-metrics --wide | grep wake", "about wake-ups, with the whole meaning"},
  };
  command.options = {{"--json", "", "The same as --format json", is_json.get()}};
  command.run = [&context, is_json] { return run(context, *is_json); };
  return command;
}

namespace {

struct ListValuesArguments {
  bool is_json = false;
  std::optional<std::string> dir;
  OverArguments over;
};

/// A row for each value, with how many results have it.
int print_values(const Context& context, const PoolValues& values) {
  std::vector<std::vector<Value>> rows;
  for (const PoolDimension& dimension : values.dimensions) {
    for (const PoolValue& value : dimension.values) {
      rows.push_back({dimension.name, value.value, value.results});
    }
  }
  RowList list({{"dimension"}, {"value"}, {"results"}}, std::move(rows));
  return context.print_rows(list);
}

int print(const Context& context, const ListValuesArguments& arguments, const PoolValues& values) {
  if (arguments.is_json || context.format() == Format::json) {
    return context.print_text(json_document(JsonValue(pool_values_document(values))));
  }
  if (context.format() == Format::table) return context.print_text(pool_values_text(values));
  return print_values(context, values);
}

int run(const Context& context, const ListValuesArguments& arguments) {
  if (arguments.dir && arguments.over.over_or(Over::now) != Over::now) {
    return context.failed(
        {ErrorCode::usage, "--dir is a pool that is only looked at: it has no --over"});
  }
  auto session = arguments.dir ? context.open_pool(arguments.dir, CheckLevel::dirs)
                               : open_over(context, arguments.over);
  if (!session) {
    const Error& error = session.error();
    if (error.code != ErrorCode::not_found) return context.failed(error);
    context.note_no_root(error);
    return print(context, arguments, no_pool_values());
  }
  const auto values = pool_values(session->database(), arguments.dir.has_value());
  if (!values) return context.failed(values.error());
  const int status = print(context, arguments, *values);
  if (status == k_done) {
    if (values->results == 0) context.note("no sidecars in " + session->paths().root.path);
    note_left_out(context, *session, whole_pool_filters());
  }
  return status;
}

}  // namespace

Command make_list_values_command(const Context& context) {
  auto arguments = std::make_shared<ListValuesArguments>();
  Command command;
  command.name = "list-values";
  command.group = "Listings";
  command.summary = "The values that the results have: kernels, commits, schedulers, …";
  command.description =
      "Nine dimensions, each with its distinct values over the whole pool, ascending, a value that "
      "isn't known first. Where they are the values that query's filters take: kernel, commit "
      "(--project-commit), kernel_commit, source (--run-source), resolve_source, cpu_budget, "
      "scheduler, topology, work_type. csv, markdown and jsonl have a row for each value with the "
      "number of its results. --over past has the values of all that the archive has seen.";
  command.examples = {
      {"ktstr-index list-values --json", "for a script"},
      {"ktstr-index list-values --format csv | sort -t, -k3 -n", "what is rare"},
  };
  command.options = {
      {"--json", "", "The same as --format json", &arguments->is_json},
      {"--dir", "ROOT", "Of another pool, whose results count as source archive", &arguments->dir},
  };
  for (Option& option : over_options(arguments->over)) {
    command.options.push_back(std::move(option));
  }
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
