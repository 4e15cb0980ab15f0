// SPDX-License-Identifier: MIT
#include <memory>

#include "base/file_system.hpp"
#include "commands/commands.hpp"
#include "library/index.hpp"
#include "report/texts.hpp"

namespace ktstr {
namespace {

struct ExplainArguments {
  bool is_json = false;
  std::string run;
  std::optional<std::string> dir;
};

/// The files themselves are asked: much of what is shown isn't in the catalog.
Result<Collection> walk(const Context& context, const ExplainArguments& arguments) {
  const OpenIndexOptions options = context.pool_options(arguments.dir);
  const auto paths = find_paths(options);
  if (!paths) return fail(paths.error());
  if (auto there = check_root(paths->root.path, options); !there) {
    return fail(std::move(there.error()));
  }
  return walk_run(system_file_system(),
                  {paths->root.path, arguments.run, context.limits().max_file_bytes,
                   [&](std::string_view line) { context.note(line); }});
}

/// A row for each field. Files that could not be read have no place in it.
int print_fields(const Context& context, const SidecarExplanation& explanation) {
  std::vector<std::vector<Value>> rows;
  for (const FieldCount& count : explanation.fields) {
    const NullableField& field = *count.field;
    rows.push_back({std::string(field.name), static_cast<std::int64_t>(count.none),
                    static_cast<std::int64_t>(count.some), std::string(classification(field)),
                    field.fix.empty() ? Value() : Value(std::string(field.fix))});
  }
  RowList list({{"field"}, {"none_count"}, {"some_count"}, {"classification"}, {"fix"}},
               std::move(rows));
  return context.print_rows(list);
}

void note_broken(const Context& context, const Collection& found) {
  const std::size_t broken = found.parse_errors.size() + found.io_errors.size();
  if (broken == 0) return;
  context.note("not in these counts: " + std::to_string(found.parse_errors.size()) + " corrupt, " +
               std::to_string(found.io_errors.size()) +
               " unreadable (--format table or json names them)");
}

int run(const Context& context, const ExplainArguments& arguments) {
  const auto found = walk(context, arguments);
  if (!found) return context.failed(found.error());
  const SidecarExplanation explanation = explain(*found);
  if (arguments.is_json || context.format() == Format::json) {
    return context.print_text(json_document(JsonValue(explanation_document(*found, explanation))));
  }
  if (context.format() == Format::table) {
    return context.print_text(explanation_text(*found, explanation));
  }
  const int status = print_fields(context, explanation);
  note_broken(context, *found);
  return status;
}

}  // namespace

Command make_explain_sidecar_command(const Context& context) {
  auto arguments = std::make_shared<ExplainArguments>();
  Command command;
  command.name = "explain-sidecar";
  command.group = "Listings";
  command.summary = "Which fields of a run's sidecars are null, and why they can be";
  command.description =
      "Reads the files of one run directory, or of one job directory in it, and shows for each "
      "what it holds and what it lacks. The causes are all that there can be for a field; the file "
      "doesn't say which it was. Files that could not be read come last, and don't change the exit "
      "status: a gate should look at _walk in the JSON.";
  command.examples = {
      {"ktstr-index explain-sidecar --run 6.14.2-abc1234", "a run"},
      {"ktstr-index explain-sidecar --run 6.14.2-abc1234/job-1 --json", "one job, for a script"},
  };
  Option key{"--run", "KEY", "RUN-DIR or RUN-DIR/JOB, as list shows it", &arguments->run};
  key.required = true;
  command.options = {
      std::move(key),
      {"--dir", "ROOT", "Another runs root", &arguments->dir},
      {"--json", "", "The same as --format json", &arguments->is_json},
  };
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
