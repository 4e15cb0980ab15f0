// SPDX-License-Identifier: MIT
#include "catalog/series_builder.hpp"

namespace ktstr {

void SeriesBuilder::add_distribution(std::string_view prefix, const Distribution& samples) {
  if (samples.n == 0) return;
  add({prefix, "_n"}, samples.n);
  add({prefix, "_p50"}, samples.p50);
  add({prefix, "_p90"}, samples.p90);
  add({prefix, "_p99"}, samples.p99);
  add({prefix, "_p999"}, samples.p999);
  add({prefix, "_max"}, samples.max);
}

void SeriesBuilder::finish(const SeriesLabels& labels) {
  const auto packing = shapes_.find(names_);
  std::size_t first = out_.values.size();
  if (packing->has_repeats) {
    for (const std::size_t position : packing->kept) out_.values.push_back(values_[position]);
  } else {
    out_.values.insert(out_.values.end(), values_.begin(), values_.end());
  }
  for (const auto& shape : packing->rows) {
    out_.series.push_back({labels, {shape, first}});
    first += shape->metrics.size();
  }
  names_.clear();
  values_.clear();
}

}  // namespace ktstr
