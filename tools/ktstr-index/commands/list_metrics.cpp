// SPDX-License-Identifier: MIT
#include <memory>

#include "commands/commands.hpp"
#include "library/metric_rows.hpp"
#include "record/metric_registry.hpp"
#include "report/metrics_document.hpp"

namespace ktstr {
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

}  // namespace ktstr
