// SPDX-License-Identifier: MIT
#include "record/metric_registry.hpp"

#include <unordered_map>

#include "record/embedded.hpp"

namespace ktstr {

const std::vector<MetricDefinition>& metric_registry() {
  // A file that doesn't parse can't leave the build: a unit test reads the embedded text.
  static const std::vector<MetricDefinition> registry =
      parse_metric_registry(embedded_metrics_csv).value_or(std::vector<MetricDefinition>{});
  return registry;
}

const MetricDefinition* find_metric(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const MetricDefinition*> map;
    for (const MetricDefinition& metric : metric_registry()) map.emplace(metric.name, &metric);
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

std::string_view polarity_word(Polarity::Kind polarity) {
  switch (polarity) {
    case Polarity::Kind::higher_better:
      return "higher";
    case Polarity::Kind::lower_better:
      return "lower";
    case Polarity::Kind::target_value:
      return "target";
    case Polarity::Kind::informational:
      return "informational";
    case Polarity::Kind::unknown:
      break;
  }
  return "unknown";
}

}  // namespace ktstr
