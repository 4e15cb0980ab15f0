// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktstr/run_report.hpp"
#include "record/verdict_counts.hpp"

namespace ktstr {

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
