// SPDX-License-Identifier: MIT
#pragma once

// What the catalog keeps of a record. Pure: a decoded record in, values out. When anything here
// changes, k_extraction_version (schema.hpp) has to change too.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/record_json.hpp"

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

}  // namespace ktstr
