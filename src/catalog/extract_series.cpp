// SPDX-License-Identifier: MIT
#include "catalog/extract_series.hpp"

#include <algorithm>
#include <limits>

#include "catalog/extract_monitor.hpp"
#include "catalog/series_builder.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

void run_series(const Record& record, SeriesBuilder& series) {
  const ScenarioStats& stats = record.stats;
  using S = ScenarioStats;
  series.add(stats, "worst_spread", &S::worst_spread);
  series.add(stats, "worst_gap_ms", &S::worst_gap_ms);
  series.add(stats, "total_migrations", &S::total_migrations);
  series.add(stats, "worst_migration_ratio", &S::worst_migration_ratio);
  series.add(stats, "total_iterations", &S::total_iterations);
  if (record.monitor) add_monitor(series, *record.monitor);
  for (const auto& [name, value] : stats.ext_metrics) {
    // Marks that a payload's JSON was cut, and measures nothing.
    if (name != "__walk_json_leaves_truncated") series.add(name, value);
  }
  if (record.monitor) add_monitor_rest(series, *record.monitor);
  series.add(stats, "total_workers", &S::total_workers);
  series.add(stats, "total_cpus", &S::total_cpus);
  series.finish();
}

struct CgroupValue {
  const char* name;
  double CgroupStats::*member;
};

/// Values that are a 0.0 placeholder unless the flag is set. Producers older than the flag drift;
/// of theirs, what isn't 0 was measured.
void add_if_measured(SeriesBuilder& series, const CgroupStats& cgroup, bool CgroupStats::*flag,
                     std::initializer_list<CgroupValue> values) {
  const bool has_flag = was_read(cgroup, flag);
  for (const CgroupValue& value : values) {
    if (has_flag ? cgroup.*flag : cgroup.*value.member != 0.0) {
      series.add(cgroup, value.name, value.member);
    }
  }
}

/// The record has no flag for the two NUMA values of a cgroup: they are 0.0 when not measured, too.
/// They were measured if one isn't 0, or a phase counted resident pages of the cgroup.
bool has_page_counts(const Record& record, const CgroupStats& cgroup) {
  if (cgroup.page_locality != 0.0 || cgroup.cross_node_migration_ratio != 0.0) return true;
  return std::any_of(record.stats.phases.begin(), record.stats.phases.end(),
                     [&](const PhaseBucket& phase) {
                       const auto found = phase.per_cgroup.find(cgroup.cgroup_name);
                       return found != phase.per_cgroup.end() && found->second.numa_pages_total > 0;
                     });
}

void cgroup_series(const Record& record, const CgroupStats& cgroup, SeriesBuilder& series) {
  using C = CgroupStats;
  series.add(cgroup, "num_workers", &C::num_workers);
  series.add(cgroup, "num_cpus", &C::num_cpus);
  series.add("avg_off_cpu_pct", cgroup.avg_off_cpu_pct);
  series.add("min_off_cpu_pct", cgroup.min_off_cpu_pct);
  series.add("max_off_cpu_pct", cgroup.max_off_cpu_pct);
  series.add("spread", cgroup.spread);
  series.add(cgroup, "max_gap_ms", &C::max_gap_ms);
  series.add(cgroup, "total_migrations", &C::total_migrations);
  series.add(cgroup, "migration_ratio", &C::migration_ratio);
  add_if_measured(series, cgroup, &C::wake_measured,
                  {{"p99_wake_latency_us", &C::p99_wake_latency_us},
                   {"median_wake_latency_us", &C::median_wake_latency_us},
                   {"wake_latency_cv", &C::wake_latency_cv}});
  add_if_measured(series, cgroup, &C::timer_measured,
                  {{"median_timer_latency_us", &C::median_timer_latency_us},
                   {"p99_timer_latency_us", &C::p99_timer_latency_us},
                   {"p999_timer_latency_us", &C::p999_timer_latency_us},
                   {"worst_timer_latency_us", &C::worst_timer_latency_us}});
  series.add(cgroup, "total_iterations", &C::total_iterations);
  series.add(cgroup, "total_cpu_time_ns", &C::total_cpu_time_ns);
  add_if_measured(series, cgroup, &C::run_delay_measured,
                  {{"mean_run_delay_us", &C::mean_run_delay_us},
                   {"worst_run_delay_us", &C::worst_run_delay_us}});
  if (has_page_counts(record, cgroup)) {
    series.add(cgroup, "page_locality", &C::page_locality);
    series.add(cgroup, "cross_node_migration_ratio", &C::cross_node_migration_ratio);
  }
  series.add_all(cgroup.ext_metrics);
  series.finish({{}, {}, cgroup.cgroup_name});
}

SeriesLabels labels_of(const PhaseBucket& phase) {
  SeriesLabels labels;
  labels.phase = phase.step_index;
  if (was_read(phase, &PhaseBucket::label)) labels.phase_label = phase.label;
  return labels;
}

void phase_series(const PhaseBucket& phase, const SeriesLabels& labels, SeriesBuilder& series) {
  // A start of 2^64-1, or 0 and 0: no sample anchored the window, so it is not known.
  const bool unanchored = phase.start_ms == std::numeric_limits<std::uint64_t>::max() ||
                          (phase.start_ms == 0 && phase.end_ms == 0);
  if (!unanchored) {
    series.add(phase, "start_ms", &PhaseBucket::start_ms);
    series.add(phase, "end_ms", &PhaseBucket::end_ms);
  }
  series.add(phase, "sample_count", &PhaseBucket::sample_count);
  series.add_all(phase.metrics);
  series.finish(labels);
}

void add_benchmarks(SeriesBuilder& series, const PhaseCgroupStats& cgroup) {
  if (cgroup.schbench) {
    using B = SchbenchPhaseStats;
    series.add_distribution("schbench_wakeup_us", cgroup.schbench->wakeup.plat.reduced);
    series.add_distribution("schbench_request_us", cgroup.schbench->request.plat.reduced);
    series.add_distribution("schbench_rps", cgroup.schbench->rps.plat.reduced);
    series.add(*cgroup.schbench, "schbench_msg_run_delay_ns", &B::msg_run_delay_ns);
    series.add(*cgroup.schbench, "schbench_msg_pcount", &B::msg_pcount);
    series.add(*cgroup.schbench, "schbench_worker_run_delay_ns", &B::worker_run_delay_ns);
    series.add(*cgroup.schbench, "schbench_worker_pcount", &B::worker_pcount);
    series.add(*cgroup.schbench, "schbench_loop_count", &B::loop_count);
  }
  if (cgroup.taobench) {
    using T = TaobenchStats;
    const TaobenchStats& counters = cgroup.taobench->counters;
    series.add_distribution("taobench_serve_us", cgroup.taobench->serve_lat.plat.reduced);
    series.add(counters, "taobench_get_cmds", &T::get_cmds);
    series.add(counters, "taobench_get_misses", &T::get_misses);
    series.add(counters, "taobench_fast_ops", &T::fast_ops);
    series.add(counters, "taobench_slow_ops", &T::slow_ops);
    series.add(counters, "taobench_elapsed_ns", &T::elapsed_ns);
  }
}

void phase_cgroup_series(const PhaseCgroupStats& cgroup, const SeriesLabels& labels,
                         SeriesBuilder& series) {
  using C = PhaseCgroupStats;
  series.add(cgroup, "num_workers", &C::num_workers);
  series.add_distribution("wake_latencies_ns", cgroup.wake_latencies_ns.reduced);
  series.add(cgroup, "wake_sample_total", &C::wake_sample_total);
  series.add_distribution("timer_latencies_ns", cgroup.timer_latencies_ns.reduced);
  series.add(cgroup, "timer_sample_total", &C::timer_sample_total);
  series.add_distribution("run_delays_ns", cgroup.run_delays_ns.reduced);
  series.add_distribution("off_cpu_pcts", cgroup.off_cpu_pcts.reduced);
  series.add(cgroup, "total_migrations", &C::total_migrations);
  series.add(cgroup, "total_iterations", &C::total_iterations);
  series.add(cgroup, "total_cpu_time_ns", &C::total_cpu_time_ns);
  series.add(cgroup, "numa_pages_local", &C::numa_pages_local);
  series.add(cgroup, "numa_pages_total", &C::numa_pages_total);
  series.add(cgroup, "cross_node_migrated", &C::cross_node_migrated);
  series.add(cgroup, "max_gap_ms", &C::max_gap_ms);
  series.add_all(cgroup.metrics);
  add_benchmarks(series, cgroup);
  series.finish(labels);
}

}  // namespace

void extract_series(const Record& record, SeriesBuilder& series) {
  run_series(record, series);
  // Values of a phase or cgroup that a drifted record doesn't name belong nowhere.
  for (const CgroupStats& cgroup : record.stats.cgroups) {
    if (was_read(cgroup, &CgroupStats::cgroup_name)) cgroup_series(record, cgroup, series);
  }
  for (const PhaseBucket& phase : record.stats.phases) {
    if (!was_read(phase, &PhaseBucket::step_index)) continue;
    SeriesLabels labels = labels_of(phase);
    phase_series(phase, labels, series);
    for (const auto& [name, cgroup] : phase.per_cgroup) {
      labels.cgroup = name;
      phase_cgroup_series(cgroup, labels, series);
    }
  }
}

}  // namespace ktstr
