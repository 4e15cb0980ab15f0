// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "catalog/extract.hpp"
#include "catalog/shape_cache.hpp"
#include "record/fields.hpp"

namespace ktstr {

/// Collects a record's series, one after the other. The first value of a name stands: typed values
/// come first, as in the harness, where a row's own field hides an extension metric of the same
/// name.
class SeriesBuilder {
 public:
  SeriesBuilder(ShapeCache& shapes, ExtractedRecord& out) : shapes_(shapes), out_(out) {}

  void add(const SeriesName& name, double value) {
    if (!std::isfinite(value)) return;
    append_name(names_, name);
    values_.push_back(value);
  }
  void add(const SeriesName& name, std::uint64_t value) { add(name, static_cast<double>(value)); }
  void add(const SeriesName& name, std::int64_t value) { add(name, static_cast<double>(value)); }
  template <typename T>
  void add(const SeriesName& name, const std::optional<T>& value) {
    if (value) add(name, *value);
  }
  /// Six values, whose names begin with `prefix`.
  void add_distribution(std::string_view prefix, const Distribution& samples);

  /// Under the field's own key, if the record had it.
  template <RecordObject T, typename M>
  void add(const T& object, const SeriesName& name, M T::*member) {
    if (was_read(object, member)) add(name, widened(object.*member));
  }

  void add_all(const std::map<std::string, double>& metrics) {
    for (const auto& [name, value] : metrics) add(name, value);
  }

  /// Ends the series: what was added since the last one, under these labels; nothing if that is
  /// nothing.
  void finish(const SeriesLabels& labels = {});

 private:
  static double widened(double value) { return value; }
  static std::uint64_t widened(std::uint64_t value) { return value; }
  static std::uint64_t widened(std::uint32_t value) { return value; }
  static std::int64_t widened(std::int64_t value) { return value; }
  static const std::optional<double>& widened(const std::optional<double>& value) { return value; }

  ShapeCache& shapes_;
  ExtractedRecord& out_;
  std::string names_;
  std::vector<double> values_;
};

}  // namespace ktstr
