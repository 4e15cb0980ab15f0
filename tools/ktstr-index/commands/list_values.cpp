// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "commands/commands.hpp"
#include "commands/over_options.hpp"
#include "report/pool_values.hpp"

namespace ktstr {
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
    if (over_of(session->database()) != Over::past) note_left_out(context, *session, true);
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
