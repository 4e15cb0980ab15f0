// SPDX-License-Identifier: MIT
#include <algorithm>
#include <numeric>

#include "record_maker.hpp"

namespace ktstr::sample {
namespace {

double to_double(std::uint64_t count) { return static_cast<double>(count); }

/// The samples of one cgroup over all phases.
struct Pool {
  std::vector<std::uint64_t> wake_ns;
  std::vector<std::uint64_t> timer_ns;
  std::vector<double> off_cpu_pcts;
  std::vector<std::uint64_t> run_delays_ns;  ///< by worker, summed over the phases
  std::uint64_t pages_local = 0;
  std::uint64_t pages_total = 0;
  std::uint64_t pages_moved = 0;
};

void fold_counters(const PhaseCgroupStats& phase, CgroupStats& cgroup) {
  cgroup.num_workers = phase.num_workers;
  cgroup.cpus_used.insert(phase.cpus_used.begin(), phase.cpus_used.end());
  cgroup.num_cpus = cgroup.cpus_used.size();
  if (phase.max_gap_ms >= cgroup.max_gap_ms) {
    cgroup.max_gap_ms = phase.max_gap_ms;
    cgroup.max_gap_cpu = phase.max_gap_cpu;
  }
  cgroup.total_migrations += phase.total_migrations;
  cgroup.total_iterations += phase.total_iterations;
  cgroup.total_cpu_time_ns += phase.total_cpu_time_ns;
}

template <typename T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void fold_samples(const PhaseCgroupStats& phase, Pool& pool) {
  append(pool.wake_ns, phase.wake_latencies_ns.values);
  append(pool.timer_ns, phase.timer_latencies_ns.values);
  append(pool.off_cpu_pcts, phase.off_cpu_pcts.values);
  const auto& delays = phase.run_delays_ns.values;
  pool.run_delays_ns.resize(delays.size());
  for (std::size_t i = 0; i < delays.size(); ++i) pool.run_delays_ns[i] += delays[i];
  pool.pages_local += phase.numa_pages_local;
  pool.pages_total += phase.numa_pages_total;
  pool.pages_moved += phase.cross_node_migrated;
}

void set_wake(CgroupStats& cgroup, std::vector<std::uint64_t> samples) {
  if (samples.empty()) return;
  std::sort(samples.begin(), samples.end());
  double sum = 0;
  double squares = 0;
  for (const std::uint64_t sample : samples) sum += to_double(sample);
  const double mean = sum / to_double(samples.size());
  for (const std::uint64_t sample : samples) {
    squares += (to_double(sample) - mean) * (to_double(sample) - mean);
  }
  cgroup.p99_wake_latency_us = to_double(nearest_rank_sample(samples, 0.99)) / 1000;
  cgroup.median_wake_latency_us = to_double(nearest_rank_sample(samples, 0.5)) / 1000;
  cgroup.wake_latency_cv = std::sqrt(squares / to_double(samples.size())) / mean;
  cgroup.wake_measured = true;
}

void set_timer(CgroupStats& cgroup, std::vector<std::uint64_t> samples) {
  if (samples.empty()) return;
  std::sort(samples.begin(), samples.end());
  cgroup.median_timer_latency_us = to_double(nearest_rank_sample(samples, 0.5)) / 1000;
  cgroup.p99_timer_latency_us = to_double(nearest_rank_sample(samples, 0.99)) / 1000;
  cgroup.p999_timer_latency_us = to_double(nearest_rank_sample(samples, 0.999)) / 1000;
  cgroup.worst_timer_latency_us = to_double(samples.back()) / 1000;
  cgroup.timer_measured = true;
}

void set_ratios(CgroupStats& cgroup, const Pool& pool) {
  const auto [least, most] =
      std::minmax_element(pool.off_cpu_pcts.begin(), pool.off_cpu_pcts.end());
  cgroup.min_off_cpu_pct = *least;
  cgroup.max_off_cpu_pct = *most;
  cgroup.spread = *most - *least;
  cgroup.avg_off_cpu_pct =
      std::accumulate(pool.off_cpu_pcts.begin(), pool.off_cpu_pcts.end(), 0.0) /
      to_double(pool.off_cpu_pcts.size());
  const auto& delays = pool.run_delays_ns;
  cgroup.worst_run_delay_us = to_double(*std::max_element(delays.begin(), delays.end())) / 1000;
  cgroup.mean_run_delay_us =
      to_double(std::accumulate(delays.begin(), delays.end(), std::uint64_t{0})) /
      to_double(delays.size()) / 1000;
  cgroup.run_delay_measured = true;
  if (cgroup.total_iterations > 0) {
    cgroup.migration_ratio =
        to_double(cgroup.total_migrations) / to_double(cgroup.total_iterations);
  }
  cgroup.page_locality = to_double(pool.pages_local) / to_double(pool.pages_total);
  cgroup.cross_node_migration_ratio = to_double(pool.pages_moved) / to_double(pool.pages_total);
}

CgroupStats fold_cgroup(const std::string& name, const std::vector<PhaseBucket>& phases) {
  CgroupStats cgroup;
  cgroup.cgroup_name = name;
  Pool pool;
  for (const PhaseBucket& phase : phases) {
    const PhaseCgroupStats& part = phase.per_cgroup.at(name);
    fold_counters(part, cgroup);
    fold_samples(part, pool);
    if (part.taobench) cgroup.taobench_whole = part.taobench->counters;
  }
  set_wake(cgroup, std::move(pool.wake_ns));
  set_timer(cgroup, std::move(pool.timer_ns));
  set_ratios(cgroup, pool);
  return cgroup;
}

void fold_totals(ScenarioStats& stats) {
  for (const CgroupStats& cgroup : stats.cgroups) {
    stats.total_workers += cgroup.num_workers;
    stats.total_cpus += cgroup.num_cpus;
    stats.total_migrations += cgroup.total_migrations;
    stats.total_iterations += cgroup.total_iterations;
    stats.worst_spread = std::max(stats.worst_spread, *cgroup.spread);
    stats.worst_migration_ratio = std::max(stats.worst_migration_ratio, cgroup.migration_ratio);
    if (cgroup.max_gap_ms >= stats.worst_gap_ms) {
      stats.worst_gap_ms = cgroup.max_gap_ms;
      stats.worst_gap_cpu = cgroup.max_gap_cpu;
    }
  }
}

void keep_highest(std::map<std::string, double>& metrics, const char* name, double value) {
  const auto [place, is_new] = metrics.emplace(name, value);
  if (!is_new) place->second = std::max(place->second, value);
}
void keep_lowest(std::map<std::string, double>& metrics, const char* name, double value) {
  const auto [place, is_new] = metrics.emplace(name, value);
  if (!is_new) place->second = std::min(place->second, value);
}

void add_cgroup_metrics(const CgroupStats& cgroup, std::map<std::string, double>& metrics) {
  keep_highest(metrics, "worst_mean_run_delay_us", cgroup.mean_run_delay_us);
  keep_highest(metrics, "worst_run_delay_us", cgroup.worst_run_delay_us);
  keep_lowest(metrics, "worst_page_locality", cgroup.page_locality);
  keep_highest(metrics, "worst_cross_node_migration_ratio", cgroup.cross_node_migration_ratio);
  const double iterations = to_double(cgroup.total_iterations);
  keep_lowest(metrics, "worst_iterations_per_worker", iterations / to_double(cgroup.num_workers));
  if (cgroup.total_cpu_time_ns > 0) {
    keep_lowest(metrics, "worst_iterations_per_cpu_sec",
                iterations / (to_double(cgroup.total_cpu_time_ns) / 1e9));
  }
  if (cgroup.wake_measured) {
    keep_highest(metrics, "worst_p99_wake_latency_us", cgroup.p99_wake_latency_us);
    keep_highest(metrics, "worst_median_wake_latency_us", cgroup.median_wake_latency_us);
    keep_highest(metrics, "worst_wake_latency_cv", cgroup.wake_latency_cv);
    keep_highest(metrics, "worst_wake_latency_tail_ratio",
                 cgroup.p99_wake_latency_us / cgroup.median_wake_latency_us);
  }
  if (cgroup.timer_measured) {
    keep_highest(metrics, "worst_p99_timer_latency_us", cgroup.p99_timer_latency_us);
    keep_highest(metrics, "worst_median_timer_latency_us", cgroup.median_timer_latency_us);
    keep_highest(metrics, "worst_timer_latency_us", cgroup.worst_timer_latency_us);
  }
}

/// Sums and means of what the phases measured.
void add_phase_totals(const std::vector<PhaseBucket>& phases,
                      std::map<std::string, double>& metrics) {
  const double count = to_double(phases.size());
  for (const PhaseBucket& phase : phases) {
    for (const char* name : {"total_phase_duration_sec", "total_phase_iterations",
                             "total_iterations_pooled", "total_cpu_time_sec"}) {
      metrics[name] += phase.metrics.at(name);
    }
    for (const char* name : {"avg_dsq_depth", "avg_imbalance_ratio"}) {
      metrics[name] += phase.metrics.at(name) / count;
    }
    for (const auto& [name, value] : phase.metrics) {
      const bool of_benchmark = name.starts_with("taobench_") || name.starts_with("schbench_");
      if (of_benchmark) metrics[name] += value / count;
    }
  }
  metrics["iteration_rate"] =
      metrics["total_phase_iterations"] / metrics["total_phase_duration_sec"];
  if (metrics["total_cpu_time_sec"] > 0) {
    metrics["iterations_per_cpu_sec"] =
        metrics["total_iterations_pooled"] / metrics["total_cpu_time_sec"];
  }
}

/// Some producers begin with a phase that no sample was anchored in.
PhaseBucket unanchored_baseline() {
  PhaseBucket phase;
  phase.label = "BASELINE";
  phase.start_ms = UINT64_MAX;
  return phase;
}

}  // namespace

ScenarioStats make_stats(const RecordPlan& plan, std::vector<PhaseBucket> phases) {
  ScenarioStats stats;
  for (const auto& [name, cgroup] : phases.front().per_cgroup) {
    stats.cgroups.push_back(fold_cgroup(name, phases));
  }
  fold_totals(stats);
  add_phase_totals(phases, stats.ext_metrics);
  for (const CgroupStats& cgroup : stats.cgroups) add_cgroup_metrics(cgroup, stats.ext_metrics);
  if (plan.scene.session.newer_producer && plan.scene.test_case.steps > 1) {
    phases.insert(phases.begin(), unanchored_baseline());
  }
  stats.phases = std::move(phases);
  return stats;
}

}  // namespace ktstr::sample
