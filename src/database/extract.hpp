// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/record.hpp"

// What the catalog keeps of a record. Pure: a decoded record in, values out. When anything here
// changes, k_extraction_version (schema.hpp) has to change too.

namespace ktstr {

/// The metrics of a packed row, in the order of its columns.
struct SeriesShape {
  std::string digest;  ///< of the names, for storing each shape once
  std::vector<std::string> metrics;
};

/// One row of packed values: as many as its shape has metrics, from `first` on in the record's.
struct PackedRow {
  std::shared_ptr<const SeriesShape> shape;
  std::size_t first = 0;
};

/// What the values of a series are about (none: all phases, all cgroups).
struct SeriesLabels {
  std::optional<std::int64_t> phase;
  std::optional<std::string> phase_label;
  std::optional<std::string> cgroup;
};

struct SeriesRow {
  SeriesLabels labels;
  PackedRow packed;  ///< in ExtractedRecord::values
};

struct VerifierRow {
  Value program;
  Value verified_insns;
};

struct CallbackRow {
  Value program;
  Value cnt;
  Value nsecs;
  Value nsecs_per_call;
};

struct PayloadMetricRow {
  std::int64_t invocation = 0;
  std::int64_t position = 0;
  std::vector<Value>
      values;  ///< payload_index, name, value, polarity, target, unit, stream, exit_code
};

struct HostRow {
  std::string digest;         ///< of everything below, for storing each host once
  std::vector<Value> values;  ///< host_key and the keys of the host table
};

struct ExtractedRecord {
  std::vector<Value> columns;           ///< in the order of stored_columns()
  std::shared_ptr<const HostRow> host;  ///< nullptr: it has none; records of one host share it
  std::vector<SeriesRow> series;
  std::vector<double> values;  ///< of all series
  std::vector<PackedRow> kvm;  ///< in kvm_sums
  std::vector<std::uint64_t> kvm_sums;
  std::vector<VerifierRow> verifier;
  std::vector<CallbackRow> callbacks;
  std::vector<PayloadMetricRow> payload_metrics;
  bool is_synthetic = false;  ///< made by our sample generator, not measured
};

/// The columns of the sidecar table that come out of a record.
[[nodiscard]] const std::vector<std::string>& stored_columns();
/// The columns of the host table after its digest.
[[nodiscard]] const std::vector<std::string>& host_columns();

[[nodiscard]] ExtractedRecord extract(const DecodedRecord& decoded);

/// 16 hex digits over the facts of a host that a reboot does not move; none if not one is known, or
/// all unknown hosts would seem to be one.
[[nodiscard]] std::optional<std::string> host_key(const HostContext& host);

/// An integer where it fits, else a real: SQLite's integers end at 2^63-1.
[[nodiscard]] Value integer_value(std::uint64_t number);

/// Keeps the sample generator's results out of somebody's archive, unless he named it. Not
/// thread-safe.
class SampleFilter {
 public:
  explicit SampleFilter(bool takes_samples) : takes_samples_(takes_samples) {}

  /// Files that hold no record (nullptr), in a directory of the generator's, are its own, too; so
  /// those that hold one are to be asked about first.
  [[nodiscard]] bool refuses(const std::string& run_dir, const ExtractedRecord* record) {
    if (takes_samples_) return false;
    if (record == nullptr) return run_dirs_.contains(run_dir);
    if (record->is_synthetic) run_dirs_.insert(run_dir);
    return record->is_synthetic;
  }

 private:
  bool takes_samples_;
  std::set<std::string> run_dirs_;  ///< that hold records of the generator
};

/// The rows of the hosts that came last: records of one host come together. Not thread-safe.
class HostCache {
 public:
  [[nodiscard]] std::shared_ptr<const HostRow> find(const HostContext& host);

 private:
  // A hostile pool has a host for each record.
  static constexpr std::size_t k_most_hosts = 64;
  static constexpr std::size_t k_longest_kept_bytes = 64 * 1024;

  std::unordered_map<std::string, std::shared_ptr<const HostRow>> hosts_;
};

/// The state of the writing process's heap, as JSON text; NULL without one. Every record of a host
/// has another, so it stands in the record's row and not in the host's.
[[nodiscard]] Value heap_state_json(const HostContext& host);

}  // namespace ktstr
