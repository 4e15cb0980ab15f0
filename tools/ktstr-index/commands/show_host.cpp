// SPDX-License-Identifier: MIT
#include <memory>

#include "commands/commands.hpp"
#include "environment/host_text.hpp"
#include "ktstr/host.hpp"
#include "library/index.hpp"
#include "report/documents.hpp"

namespace ktstr {
namespace {

struct ShowHostArguments {
  std::optional<std::string> run;
  std::optional<std::string> dir;
  bool is_diff = false;
  std::optional<std::string> before;
  std::optional<std::string> after;
};

Result<void> check(const ShowHostArguments& arguments) {
  const auto usage = [](const char* message) { return fail(ErrorCode::usage, message); };
  if (arguments.is_diff && arguments.run) return usage("--run and --diff can't be used together");
  if (arguments.is_diff && !arguments.before) {
    return usage("--diff wants one run, to be compared with this machine, or two");
  }
  if (!arguments.is_diff && arguments.before) {
    return usage("a run is named by --run; --diff compares");
  }
  if (arguments.dir && !arguments.run && !arguments.is_diff) {
    return usage("--dir is for --run and --diff");
  }
  return {};
}

Result<HostContext> host_of(const Context& context, OpenIndex& index, const std::string& run) {
  return run_host(index.database(), run, [&](std::string_view line) { context.note(line); });
}

int print_host(const Context& context, const std::optional<std::string>& run,
               const HostContext& host) {
  if (context.format() == Format::table) return context.print_text(host_text(host));
  if (context.format() == Format::json) {
    return context.print_text(json_document(JsonValue(show_host_document(run, host))));
  }
  std::vector<std::vector<Value>> rows;
  for (const HostFact& fact : host_facts(host)) {
    rows.push_back({fact.name, fact.value ? Value(*fact.value) : Value()});
  }
  RowList list({{"name"}, {"value"}}, std::move(rows));
  return context.print_rows(list);
}

int print_differences(const Context& context, const ShowHostArguments& arguments,
                      const std::vector<HostDifference>& differences) {
  if (context.format() == Format::table) {
    return context.print_text(host_differences_text(differences));
  }
  if (context.format() == Format::json) {
    JsonObject document;
    document.add("a", arguments.before).add("b", arguments.after);
    document.add("differences", host_differences_document(differences));
    return context.print_text(json_document(JsonValue(document)));
  }
  std::vector<std::vector<Value>> rows;
  rows.reserve(differences.size());
  for (const HostDifference& difference : differences) {
    rows.push_back({difference.name, difference.before, difference.after});
  }
  RowList list({{"field"}, {"a"}, {"b"}}, std::move(rows));
  return context.print_rows(list);
}

int run_diff(const Context& context, OpenIndex& index, const ShowHostArguments& arguments) {
  const auto before = host_of(context, index, *arguments.before);
  if (!before) return context.failed(before.error());
  const auto after = arguments.after ? host_of(context, index, *arguments.after)
                                     : Result<HostContext>(collect_host_context());
  if (!after) return context.failed(after.error());
  const auto differences = host_differences(*before, *after);
  const int status = print_differences(context, arguments, differences);
  if (status == k_done && differences.empty()) context.note("no difference between the two hosts");
  return status;
}

int run(const Context& context, const ShowHostArguments& arguments) {
  if (auto checked = check(arguments); !checked) return context.failed(checked.error());
  if (!arguments.run && !arguments.is_diff) {
    return print_host(context, {}, collect_host_context());
  }
  auto index = context.open_pool(arguments.dir, CheckLevel::dirs);
  if (!index) return context.failed(index.error());
  if (arguments.is_diff) return run_diff(context, *index, arguments);
  const auto host = host_of(context, *index, *arguments.run);
  if (!host) return context.failed(host.error());
  return print_host(context, arguments.run, *host);
}

}  // namespace

Command make_show_host_command(const Context& context) {
  auto arguments = std::make_shared<ShowHostArguments>();
  Command command;
  command.name = "show-host";
  command.group = "Listings";
  command.summary = "The machine that a run was made on, or this one";
  command.description =
      "Without --run this machine, as a test would record it now. With --run the host of the run's "
      "first result that has one. --diff shows only what differs between the hosts of two runs, or "
      "between the host of a run and this machine; the writing process's heap is left out of it.";
  command.examples = {
      {"ktstr-index show-host", "this machine"},
      {"ktstr-index show-host --run 6.14.2-abc1234", "that of a run"},
      {"ktstr-index show-host --diff 6.14.2-abc1234 6.15.0-def5678", "what differs"},
  };
  command.options = {
      {"--run", "KEY", "RUN-DIR or RUN-DIR/JOB, as list shows it", &arguments->run},
      {"--diff", "", "Compare the runs A and B, or A and this machine", &arguments->is_diff},
      {"--dir", "ROOT", "Runs of another pool", &arguments->dir},
  };
  command.positionals = {{"A", "A run, for --diff", &arguments->before},
                         {"B", "Another; without it this machine", &arguments->after}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
