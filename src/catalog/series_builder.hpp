// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/extract.hpp"
#include "record/fields.hpp"

namespace ktstr {

/// Collects one series. The first value of a name stands: typed values come first, as in the
/// harness, where a row's own field hides an extension metric of the same name.
class SeriesBuilder {
 public:
  void add(std::string_view name, double value) {
    if (std::isfinite(value)) row_.values.emplace_back(name, value);
  }
  void add(std::string_view name, std::uint64_t value) { add(name, static_cast<double>(value)); }
  void add(std::string_view name, std::int64_t value) { add(name, static_cast<double>(value)); }
  template <typename T>
  void add(std::string_view name, const std::optional<T>& value) {
    if (value) add(name, *value);
  }
  void add(std::string_view prefix, const Distribution& samples) {
    if (samples.n == 0) return;
    const std::string name(prefix);
    add(name + "_n", samples.n);
    add(name + "_p50", samples.p50);
    add(name + "_p90", samples.p90);
    add(name + "_p99", samples.p99);
    add(name + "_p999", samples.p999);
    add(name + "_max", samples.max);
  }

  /// Under the field's own key, if the record had it.
  template <RecordObject T, typename M>
  void add(const T& object, std::string_view name, M T::*member) {
    if (was_read(object, member)) add(name, widened(object.*member));
  }

  void add_all(const std::map<std::string, double>& metrics) {
    for (const auto& [name, value] : metrics) add(name, value);
  }

  [[nodiscard]] SeriesRow take() {
    std::set<std::string_view> seen;
    std::vector<std::pair<std::string, double>> kept;
    kept.reserve(row_.values.size());
    for (auto& value : row_.values) {
      if (seen.insert(value.first).second) kept.push_back(value);
    }
    row_.values = std::move(kept);
    return std::move(row_);
  }

  SeriesRow& row() { return row_; }

 private:
  static double widened(double value) { return value; }
  static std::uint64_t widened(std::uint64_t value) { return value; }
  static std::uint64_t widened(std::uint32_t value) { return value; }
  static std::int64_t widened(std::int64_t value) { return value; }
  static const std::optional<double>& widened(const std::optional<double>& value) { return value; }

  SeriesRow row_;
};

}  // namespace ktstr
