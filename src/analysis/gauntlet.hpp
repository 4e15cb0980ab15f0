// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ktstr/index.hpp"
#include "record/record.hpp"

namespace ktstr {

/// Arithmetic mean of the finite values; 0 if there are none, as the harness has it.
[[nodiscard]] double finite_mean(const std::vector<double>& values);

/// Sample standard deviation (n - 1) of the finite values; 0 for fewer than two.
[[nodiscard]] double finite_standard_deviation(const std::vector<double>& values);

/// What KVM counted, per virtual CPU on the average of the VMs; each division drops its remainder.
struct KvmAverages {
  std::uint64_t vms = 0;
  std::uint64_t exits = 0;
  std::uint64_t halt_exits = 0;
  double halt_wait_ms = 0;
  double poll_ok_pct = 0;  ///< of all polls of all VMs; 0 without any
  std::uint64_t preempted = 0;
  std::uint64_t signal_exits = 0;
  std::uint64_t hypercalls = 0;
  std::uint64_t preemptions = 0;  ///< the sum over all VMs, no average
};

/// None without VMs or where the average of exits is 0. Pure; thread-safe.
[[nodiscard]] std::optional<KvmAverages> kvm_averages(const std::vector<KvmTotals>& vms);

/// A scenario whose passing results are far above those of the run.
struct GauntletOutlier {
  std::string scenario;
  GauntletMetric metric = GauntletMetric::spread;
  double mean = 0;          ///< over the scenario's passing rows
  double overall_mean = 0;  ///< over all passing rows
  double sigma = 0;         ///< standard deviations between the two
  /// Of the scenario's rows, failures too, that exceed the threshold; each once, in row order.
  std::vector<std::string> topologies;
};

/// One value of a dimension. Averages are over all its rows, whatever their verdict.
struct GauntletLine {
  std::string name;
  std::uint64_t total = 0;
  std::uint64_t pass = 0;
  std::uint64_t skip = 0;          ///< rows with this bit, as the next one
  std::uint64_t inconclusive = 0;  ///< rows with both bits count in both
  std::uint64_t fail = 0;          ///< what remains, at least 0
  double avg_spread = 0;           ///< percent
  double avg_gap_ms = 0;
  double avg_imbalance = 0;
  double avg_dsq_depth = 0;
  double total_stuck = 0;
  double avg_fallback = 0;
};

struct GauntletAnalysis {
  std::vector<GauntletOutlier> outliers;  ///< largest sigma first
  /// Largest average spread first, then by name in byte order; so the other two.
  std::vector<GauntletLine> by_scenario;
  std::vector<GauntletLine> by_topology;
  std::vector<GauntletLine> by_work_type;
};

/// Pure; thread-safe.
[[nodiscard]] GauntletAnalysis analyze_gauntlet(const std::vector<GauntletRow>& rows);

/// Adds up to the number of rows.
[[nodiscard]] VerdictCounts count_verdicts(const std::vector<GauntletRow>& rows);

}  // namespace ktstr
