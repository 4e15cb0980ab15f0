// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// The bytes of schema/metrics.csv, in a source that the build generates. Lives as long as the
/// process and is constant-initialised, so it may be read before main.
extern const std::string_view embedded_metrics_csv;

// The metrics that the harness knows: their units, direction, thresholds and how they fold.
// The data is schema/metrics.csv, embedded at build: CSV (RFC 4180, but LF lines and no quote
// inside a quoted field), UTF-8, one metric a line under a header, in the harness's own order:
//
//   name         unique, letters, digits and underscores
//   unit         may be empty (a count, a ratio of equal units)
//   polarity     higher | lower | info
//   kind         see below
//   default_abs  a decimal number >= 0, in the metric's unit
//   default_rel  a decimal fraction >= 0
//   source       one of typed monitor ext derived phase cgroup, or two different ones as
//   "ext+derived" suppressed   0 | 1 meaning      one sentence
//
// Kind, where NAME and WORD are one or more letters, digits or underscores, and blanks stand only
// where shown:
//
//   kind     := Counter | Peak | PerPhase | PerPhaseDeltaSum | PerRunDistribution
//             | WakeLatencyTailRatio | WorstCrossNodeRatio
//             | Gauge(REDUCE) | Rate(NAME / NAME) | WorstLowest(WORD / WORD)
//             | Distribution(WORD, REDUCE)
//   REDUCE   := for Gauge: Avg | Last | Max; for Distribution: Mean | Median | P99 | P999 | Worst |
//   CV
//
// The names in a Rate are metrics of the registry; those in a WorstLowest are per-cgroup quantities
// and no metrics; the word in a Distribution is the sample set, with its unit.

/// How a metric's values fold over samples, phases, cgroups and runs. The text views live as long
/// as the registry's text.
struct MetricKind {
  enum class Type {
    counter,
    gauge,
    peak,
    rate,
    distribution,
    worst_lowest,
    per_phase_delta_sum,
    wake_latency_tail_ratio,
    worst_cross_node_ratio,
    per_phase,
    per_run_distribution,
  };
  Type type = Type::counter;
  std::string_view numerator = {};    ///< of rate and worst_lowest
  std::string_view denominator = {};  ///< of rate and worst_lowest
  std::string_view source = {};       ///< of distribution: wake_ns, timer_ns or run_delay_ns
  std::string_view reduction = {};    ///< of gauge and distribution, as in the grammar
};

/// Where a metric's value stands in a record, or that it is computed. At least one is set.
struct MetricSources {
  bool typed = false;    ///< a key of `stats` or `monitor` that every row has
  bool monitor = false;  ///< taken from `monitor` when a row is built; absent without it
  bool ext = false;      ///< stats.ext_metrics
  bool derived = false;  ///< a rate, computed from its components
  bool phase = false;    ///< stats.phases[].metrics only
  bool cgroup = false;   ///< stats.phases[].per_cgroup[].metrics only
};

struct MetricDefinition {
  std::string_view name;
  std::string_view unit;     ///< "" for none; UTF-8
  std::string_view meaning;  ///< one sentence, for people
  /// higher_better, lower_better or informational; the registry has no other.
  Polarity::Kind polarity = Polarity::Kind::informational;
  MetricKind kind;
  double default_abs = 0.0;  ///< a change must reach this, in the metric's unit ...
  double default_rel = 0.0;  ///< ... and this fraction of the old value; equality counts
  MetricSources sources;
  /// A component of a rate: kept for deriving the rate, never shown or compared by itself.
  bool suppressed = false;
};

/// Every metric, in the harness's order. Parsed at the first call; thread-safe; lives as long as
/// the process.
[[nodiscard]] const std::vector<MetricDefinition>& metric_registry();

/// The metric of that exact name, or null. Thread-safe; the pointer stays valid.
[[nodiscard]] const MetricDefinition* find_metric(std::string_view name);

/// The listing's word: "higher", "lower" or "informational" for what the registry holds; "target"
/// (its number is the caller's to add) and "unknown" for the two that only records have.
[[nodiscard]] std::string_view polarity_word(Polarity::Kind polarity);

/// The kind's name as the file and the harness's JSON have it: "Counter", "WorstLowest", ...
[[nodiscard]] std::string_view metric_kind_name(MetricKind::Type type);

/// Parses a registry text by the rules above. The definitions hold views into `csv`.
/// Error (code parse): the first line that breaks them, by number.
[[nodiscard]] Result<std::vector<MetricDefinition>> parse_metric_registry(std::string_view csv);

}  // namespace ktstr
