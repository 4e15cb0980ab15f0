// SPDX-License-Identifier: MIT
#include "analysis/gauntlet.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string_view>

namespace ktstr {

double finite_mean(const std::vector<double>& values) {
  double sum = 0;
  std::size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

double finite_standard_deviation(const std::vector<double>& values) {
  const double mean = finite_mean(values);
  double squares = 0;
  std::size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    squares += (value - mean) * (value - mean);
    ++count;
  }
  return count < 2 ? 0 : std::sqrt(squares / static_cast<double>(count - 1));
}

namespace {

using Counter = std::uint64_t KvmTotals::*;

// Sums wrap, as those of the harness's release build do.
std::uint64_t sum(const std::vector<KvmTotals>& vms, Counter counter) {
  std::uint64_t total = 0;
  for (const KvmTotals& vm : vms) total += vm.*counter;
  return total;
}

/// A VM without virtual CPUs has 0 of everything and still is one of the VMs.
std::uint64_t average(const std::vector<KvmTotals>& vms, Counter counter) {
  std::uint64_t total = 0;
  for (const KvmTotals& vm : vms) total += vm.vcpus == 0 ? 0 : vm.*counter / vm.vcpus;
  return total / vms.size();
}

}  // namespace

std::optional<KvmAverages> kvm_averages(const std::vector<KvmTotals>& vms) {
  if (vms.empty()) return std::nullopt;
  KvmAverages averages;
  averages.vms = vms.size();
  averages.exits = average(vms, &KvmTotals::exits);
  if (averages.exits == 0) return std::nullopt;
  averages.halt_exits = average(vms, &KvmTotals::halt_exits);
  averages.halt_wait_ms = static_cast<double>(average(vms, &KvmTotals::halt_wait_ns)) / 1'000'000;
  const std::uint64_t polls = sum(vms, &KvmTotals::halt_attempted_poll);
  if (polls > 0) {
    averages.poll_ok_pct = static_cast<double>(sum(vms, &KvmTotals::halt_successful_poll)) /
                           static_cast<double>(polls) * 100;
  }
  averages.preempted = average(vms, &KvmTotals::preemption_reported);
  averages.signal_exits = average(vms, &KvmTotals::signal_exits);
  averages.hypercalls = average(vms, &KvmTotals::hypercalls);
  averages.preemptions = sum(vms, &KvmTotals::preemption_reported);
  return averages;
}

namespace {

using RowGroup = std::vector<const GauntletRow*>;
/// By name in byte order, rows in their own order.
using RowGroups = std::map<std::string_view, RowGroup>;

constexpr double k_outlier_sigmas = 2;

RowGroups grouped(const std::vector<GauntletRow>& rows, std::string GauntletRow::*dimension) {
  RowGroups groups;
  for (const GauntletRow& row : rows) groups[row.*dimension].push_back(&row);
  return groups;
}

std::vector<double> values_of(const RowGroup& rows, GauntletMetric metric) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const GauntletRow* row : rows) values.push_back(row->metric(metric));
  return values;
}

RowGroup passing(const RowGroup& rows) {
  RowGroup kept;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept),
               [](const GauntletRow* row) { return row->is_pass(); });
  return kept;
}

std::vector<std::string> topologies_above(const RowGroup& rows, GauntletMetric metric,
                                          double threshold) {
  std::vector<std::string> topologies;
  for (const GauntletRow* row : rows) {
    if (!(row->metric(metric) > threshold)) continue;
    if (std::find(topologies.begin(), topologies.end(), row->topology) == topologies.end()) {
      topologies.push_back(row->topology);
    }
  }
  return topologies;
}

/// A scenario's rows, and those of them that passed.
struct Scenario {
  std::string_view name;
  RowGroup rows;
  RowGroup passing;
};

std::vector<Scenario> scenarios_of(const std::vector<GauntletRow>& rows) {
  std::vector<Scenario> scenarios;
  for (auto& [name, group] : grouped(rows, &GauntletRow::scenario)) {
    scenarios.push_back({name, group, passing(group)});
  }
  return scenarios;
}

/// Appends the scenarios that stand out in one metric.
void find_outliers(const std::vector<Scenario>& scenarios, const RowGroup& all_passing,
                   GauntletMetric metric, std::vector<GauntletOutlier>& outliers) {
  const std::vector<double> cohort = values_of(all_passing, metric);
  const double overall = finite_mean(cohort);
  const double deviation = finite_standard_deviation(cohort);
  if (!(deviation >= std::numeric_limits<double>::epsilon())) return;
  const double threshold = overall + k_outlier_sigmas * deviation;
  for (const Scenario& scenario : scenarios) {
    if (scenario.passing.empty()) continue;
    const double mean = finite_mean(values_of(scenario.passing, metric));
    if (!(mean > threshold)) continue;
    outliers.push_back({std::string(scenario.name), metric, mean, overall,
                        (mean - overall) / deviation,
                        topologies_above(scenario.rows, metric, threshold)});
  }
}

std::vector<GauntletOutlier> all_outliers(const std::vector<GauntletRow>& rows) {
  const std::vector<Scenario> scenarios = scenarios_of(rows);
  RowGroup all_passing;
  for (const GauntletRow& row : rows) {
    if (row.is_pass()) all_passing.push_back(&row);
  }
  std::vector<GauntletOutlier> outliers;
  for (std::size_t i = 0; i < k_gauntlet_metrics; ++i) {
    find_outliers(scenarios, all_passing, static_cast<GauntletMetric>(i), outliers);
  }
  std::stable_sort(outliers.begin(), outliers.end(),
                   [](const GauntletOutlier& left, const GauntletOutlier& right) {
                     return left.sigma > right.sigma;
                   });
  return outliers;
}

GauntletLine line_of(std::string_view name, const RowGroup& rows) {
  GauntletLine line;
  line.name = name;
  line.total = rows.size();
  for (const GauntletRow* row : rows) {
    line.pass += row->is_pass() ? 1 : 0;
    line.skip += row->skipped ? 1 : 0;
    line.inconclusive += row->inconclusive ? 1 : 0;
    line.total_stuck += row->metric(GauntletMetric::stuck);
  }
  const std::uint64_t others = line.pass + line.skip + line.inconclusive;
  line.fail = line.total > others ? line.total - others : 0;
  line.avg_spread = finite_mean(values_of(rows, GauntletMetric::spread));
  line.avg_gap_ms = finite_mean(values_of(rows, GauntletMetric::gap_ms));
  line.avg_imbalance = finite_mean(values_of(rows, GauntletMetric::imbalance));
  line.avg_dsq_depth = finite_mean(values_of(rows, GauntletMetric::dsq_depth));
  line.avg_fallback = finite_mean(values_of(rows, GauntletMetric::fallback));
  return line;
}

std::vector<GauntletLine> lines_by(const std::vector<GauntletRow>& rows,
                                   std::string GauntletRow::*dimension) {
  std::vector<GauntletLine> lines;
  for (const auto& [name, group] : grouped(rows, dimension)) lines.push_back(line_of(name, group));
  std::stable_sort(lines.begin(), lines.end(),
                   [](const GauntletLine& left, const GauntletLine& right) {
                     return left.avg_spread > right.avg_spread;
                   });
  return lines;
}

}  // namespace

GauntletAnalysis analyze_gauntlet(const std::vector<GauntletRow>& rows) {
  return {all_outliers(rows), lines_by(rows, &GauntletRow::scenario),
          lines_by(rows, &GauntletRow::topology), lines_by(rows, &GauntletRow::work_type)};
}

VerdictCounts count_verdicts(const std::vector<GauntletRow>& rows) {
  VerdictCounts counts;
  for (const GauntletRow& row : rows) {
    ++counts.of(verdict_of(row.passed, row.skipped, row.inconclusive));
  }
  return counts;
}

}  // namespace ktstr
