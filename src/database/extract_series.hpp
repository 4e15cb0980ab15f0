// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "database/extract.hpp"
#include "database/extract_values.hpp"

// Which metrics stand in which columns. Records of one producer have few lists of names and many
// values, so a list is looked up as one text and cut into rows only when it is new.

namespace ktstr {

/// The name of a metric, in up to two parts, so that nobody has to join them.
struct SeriesName {
  SeriesName(const char* name) : stem(name) {}         // NOLINT: a name is what it looks like
  SeriesName(std::string_view name) : stem(name) {}    // NOLINT
  SeriesName(const std::string& name) : stem(name) {}  // NOLINT
  SeriesName(std::string_view first, std::string_view second) : stem(first), suffix(second) {}

  std::string_view stem;
  std::string_view suffix;
};

/// Appends a name to a list of names. It may hold any character, so it stands behind its length.
void append_name(std::string& names, const SeriesName& name);

/// How the values of a list of names are stored.
struct Packing {
  std::vector<std::shared_ptr<const SeriesShape>> rows;  ///< in order; none for an empty list
  bool has_repeats = false;
  /// With repeats: the positions of the names that stand, the first of each.
  std::vector<std::size_t> kept;
};

/// Not thread-safe: one for each thread that extracts.
class ShapeCache {
 public:
  [[nodiscard]] std::shared_ptr<const Packing> find(const std::string& names);

 private:
  std::unordered_map<std::string, std::shared_ptr<const Packing>> packings_;
  std::size_t kept_bytes_ = 0;  // of their lists of names
};

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

/// The monitor's part of a harness row. Its names hide extension metrics of the same name, so it
/// comes before them.
void add_monitor(SeriesBuilder& series, const MonitorSummary& monitor);

/// What the harness adds to a row only where no extension metric has the name, then what no harness
/// row has: both come after the extension metrics.
void add_monitor_rest(SeriesBuilder& series, const MonitorSummary& monitor);

/// Finishes the metric series of a record: the whole run, each cgroup, each phase, each cgroup in a
/// phase. A value that wasn't measured, or that a drifted record doesn't have, is absent. Names are
/// the record's keys and the harness's registry names; a distribution of samples adds its parts as
/// {key}_n, {key}_p50, _p90, _p99, _p999, _max.
void extract_series(const Record& record, SeriesBuilder& series);

}  // namespace ktstr
