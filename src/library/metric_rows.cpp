// SPDX-License-Identifier: MIT
#include "library/metric_rows.hpp"

#include <string>

#include "record/metric_registry.hpp"
#include "report/metrics_document.hpp"

namespace ktstr {

const std::vector<RowColumn>& MetricRows::columns() const {
  // The first five are the harness's own listing.
  static const std::vector<RowColumn> k_columns = {
      {"name", 0, 30}, {"polarity", 0, 8}, {"default_abs", 2}, {"default_rel", 2},
      {"unit", 2},     {"kind", 4, 20},    {"meaning", 3, 24}};
  return k_columns;
}

Result<bool> MetricRows::next(std::vector<Value>& row) {
  if (at_ == metric_registry().size()) return false;
  const MetricDefinition& metric = metric_registry()[at_++];
  row = {std::string(metric.name),   polarity_text({metric.polarity}), metric.default_abs,
         metric.default_rel,         std::string(metric.unit),         kind_text(metric.kind),
         std::string(metric.meaning)};
  return true;
}

}  // namespace ktstr
