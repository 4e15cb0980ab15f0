// SPDX-License-Identifier: MIT
#include "catalog/extract_series.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <set>

#include "record/fields.hpp"

namespace ktstr {
namespace {

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

void add_monitor_levels(SeriesBuilder& series, const MonitorSummary& monitor) {
  for (const SchedDomainLbDelta& domain :
       monitor.sched_domain_lb.value_or(std::vector<SchedDomainLbDelta>())) {
    std::string level = domain.level;
    std::transform(level.begin(), level.end(), level.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    using D = SchedDomainLbDelta;
    series.add(domain, "lb_count_" + level, &D::lb_count);
    series.add(domain, "lb_failed_" + level, &D::lb_failed);
    series.add(domain, "lb_gained_" + level, &D::lb_gained);
    series.add(domain, "lb_imbalance_load_" + level, &D::lb_imbalance_load);
    series.add(domain, "lb_imbalance_util_" + level, &D::lb_imbalance_util);
    series.add(domain, "lb_imbalance_task_" + level, &D::lb_imbalance_task);
    series.add(domain, "lb_imbalance_misfit_" + level, &D::lb_imbalance_misfit);
    series.add(domain, "alb_count_" + level, &D::alb_count);
    series.add(domain, "alb_pushed_" + level, &D::alb_pushed);
  }
  for (const BpfMapFieldValue& field :
       monitor.bpf_map_fields.value_or(std::vector<BpfMapFieldValue>())) {
    if (was_read(field, &BpfMapFieldValue::key)) {
      series.add(field, field.key, &BpfMapFieldValue::value);
    }
  }
}

void add_schedstat(SeriesBuilder& series, const SchedstatDeltas& schedstat) {
  using S = SchedstatDeltas;
  series.add(schedstat, "total_run_delay", &S::total_run_delay);
  series.add(schedstat, "total_pcount", &S::total_pcount);
  series.add(schedstat, "total_sched_count", &S::total_sched_count);
  series.add(schedstat, "total_yld_count", &S::total_yld_count);
  series.add(schedstat, "total_sched_goidle", &S::total_sched_goidle);
  series.add(schedstat, "total_ttwu_count", &S::total_ttwu_count);
  series.add(schedstat, "total_ttwu_local", &S::total_ttwu_local);
  series.add("total_schedstat_wall_sec", schedstat.total_schedstat_wall_sec);
  if (schedstat.total_schedstat_vcpu_sec) {
    series.add("total_schedstat_vcpu_sec", *schedstat.total_schedstat_vcpu_sec);
  }
}

void add_monitor(SeriesBuilder& series, const MonitorSummary& monitor) {
  using M = MonitorSummary;
  series.add(monitor, "max_imbalance_ratio", &M::max_imbalance_ratio);
  series.add(monitor, "max_dsq_depth", &M::max_local_dsq_depth);
  series.add(monitor, "stuck_count", &M::stuck_count);
  if (monitor.event_deltas) {
    const ScxEventDeltas& events = *monitor.event_deltas;
    using E = ScxEventDeltas;
    series.add(events, "total_fallback", &E::total_fallback);
    series.add(events, "total_keep_last", &E::total_dispatch_keep_last);
    series.add(events, "fallback_rate", &E::fallback_rate);
    series.add(events, "keep_last_rate", &E::keep_last_rate);
    series.add(events, "max_fallback_burst", &E::max_fallback_burst);
    series.add(events, "total_refill_slice_dfl", &E::total_refill_slice_dfl);
    series.add(events, "total_bypass_duration", &E::total_bypass_duration);
    series.add(events, "total_bypass_dispatch", &E::total_bypass_dispatch);
    series.add(events, "total_bypass_activate", &E::total_bypass_activate);
  }
  if (monitor.schedstat_deltas) add_schedstat(series, *monitor.schedstat_deltas);
}

/// What the harness itself adds to a row only where no extension metric has the name, and only if
/// the monitor took samples.
void add_monitor_gauges(SeriesBuilder& series, const MonitorSummary& monitor) {
  if (monitor.total_samples == 0) return;
  using M = MonitorSummary;
  series.add(monitor, "avg_nr_running", &M::avg_nr_running);
  series.add("avg_irq_util", monitor.avg_irq_util);
  series.add("max_avg_irq_util", monitor.max_avg_irq_util);
  series.add("psi_irq_full_avg10", monitor.psi_irq_full_avg10);
  series.add("total_irq_pressure_us", monitor.total_irq_pressure_us);
  add_monitor_levels(series, monitor);
}

SeriesRow run_series(const Record& record) {
  SeriesBuilder series;
  const ScenarioStats& stats = record.stats;
  using S = ScenarioStats;
  series.add(stats, "worst_spread", &S::worst_spread);
  series.add(stats, "worst_gap_ms", &S::worst_gap_ms);
  series.add(stats, "total_migrations", &S::total_migrations);
  series.add(stats, "worst_migration_ratio", &S::worst_migration_ratio);
  series.add(stats, "total_iterations", &S::total_iterations);
  series.add(stats, "total_workers", &S::total_workers);
  series.add(stats, "total_cpus", &S::total_cpus);
  if (record.monitor) add_monitor(series, *record.monitor);
  for (const auto& [name, value] : stats.ext_metrics) {
    // Marks that a payload's JSON was cut, and measures nothing.
    if (name != "__walk_json_leaves_truncated") series.add(name, value);
  }
  if (record.monitor) add_monitor_gauges(series, *record.monitor);
  return series.take();
}

SeriesRow cgroup_series(const CgroupStats& cgroup) {
  SeriesBuilder series;
  using C = CgroupStats;
  series.row().cgroup = cgroup.cgroup_name;
  series.add(cgroup, "num_workers", &C::num_workers);
  series.add(cgroup, "num_cpus", &C::num_cpus);
  series.add("avg_off_cpu_pct", cgroup.avg_off_cpu_pct);
  series.add("min_off_cpu_pct", cgroup.min_off_cpu_pct);
  series.add("max_off_cpu_pct", cgroup.max_off_cpu_pct);
  series.add("spread", cgroup.spread);
  series.add(cgroup, "max_gap_ms", &C::max_gap_ms);
  series.add(cgroup, "total_migrations", &C::total_migrations);
  series.add(cgroup, "migration_ratio", &C::migration_ratio);
  if (cgroup.wake_measured) {
    series.add(cgroup, "p99_wake_latency_us", &C::p99_wake_latency_us);
    series.add(cgroup, "median_wake_latency_us", &C::median_wake_latency_us);
    series.add(cgroup, "wake_latency_cv", &C::wake_latency_cv);
  }
  if (cgroup.timer_measured) {
    series.add(cgroup, "median_timer_latency_us", &C::median_timer_latency_us);
    series.add(cgroup, "p99_timer_latency_us", &C::p99_timer_latency_us);
    series.add(cgroup, "p999_timer_latency_us", &C::p999_timer_latency_us);
    series.add(cgroup, "worst_timer_latency_us", &C::worst_timer_latency_us);
  }
  series.add(cgroup, "total_iterations", &C::total_iterations);
  series.add(cgroup, "total_cpu_time_ns", &C::total_cpu_time_ns);
  if (cgroup.run_delay_measured) {
    series.add(cgroup, "mean_run_delay_us", &C::mean_run_delay_us);
    series.add(cgroup, "worst_run_delay_us", &C::worst_run_delay_us);
  }
  series.add(cgroup, "page_locality", &C::page_locality);
  series.add(cgroup, "cross_node_migration_ratio", &C::cross_node_migration_ratio);
  series.add_all(cgroup.ext_metrics);
  return series.take();
}

void label(SeriesRow& row, const PhaseBucket& phase) {
  row.phase = phase.step_index;
  if (was_read(phase, &PhaseBucket::label)) row.phase_label = phase.label;
}

SeriesRow phase_series(const PhaseBucket& phase) {
  SeriesBuilder series;
  label(series.row(), phase);
  // 2^64-1 and 0, or 0 and 0: no sample anchored the window, so it is not known.
  const bool unanchored =
      (phase.start_ms == std::numeric_limits<std::uint64_t>::max() || phase.start_ms == 0) &&
      phase.end_ms == 0;
  if (!unanchored) {
    series.add(phase, "start_ms", &PhaseBucket::start_ms);
    series.add(phase, "end_ms", &PhaseBucket::end_ms);
  }
  series.add(phase, "sample_count", &PhaseBucket::sample_count);
  series.add_all(phase.metrics);
  return series.take();
}

void add_benchmarks(SeriesBuilder& series, const PhaseCgroupStats& cgroup) {
  if (cgroup.schbench) {
    using B = SchbenchPhaseStats;
    series.add("schbench_wakeup_us", cgroup.schbench->wakeup.plat.reduced);
    series.add("schbench_request_us", cgroup.schbench->request.plat.reduced);
    series.add("schbench_rps", cgroup.schbench->rps.plat.reduced);
    series.add(*cgroup.schbench, "schbench_msg_run_delay_ns", &B::msg_run_delay_ns);
    series.add(*cgroup.schbench, "schbench_msg_pcount", &B::msg_pcount);
    series.add(*cgroup.schbench, "schbench_worker_run_delay_ns", &B::worker_run_delay_ns);
    series.add(*cgroup.schbench, "schbench_worker_pcount", &B::worker_pcount);
    series.add(*cgroup.schbench, "schbench_loop_count", &B::loop_count);
  }
  if (cgroup.taobench) {
    using T = TaobenchStats;
    const TaobenchStats& counters = cgroup.taobench->counters;
    series.add("taobench_serve_us", cgroup.taobench->serve_lat.plat.reduced);
    series.add(counters, "taobench_get_cmds", &T::get_cmds);
    series.add(counters, "taobench_get_misses", &T::get_misses);
    series.add(counters, "taobench_fast_ops", &T::fast_ops);
    series.add(counters, "taobench_slow_ops", &T::slow_ops);
    series.add(counters, "taobench_elapsed_ns", &T::elapsed_ns);
  }
}

SeriesRow phase_cgroup_series(const PhaseBucket& phase, const std::string& name,
                              const PhaseCgroupStats& cgroup) {
  SeriesBuilder series;
  using C = PhaseCgroupStats;
  label(series.row(), phase);
  series.row().cgroup = name;
  series.add(cgroup, "num_workers", &C::num_workers);
  series.add("wake_latencies_ns", cgroup.wake_latencies_ns.reduced);
  series.add(cgroup, "wake_sample_total", &C::wake_sample_total);
  series.add("timer_latencies_ns", cgroup.timer_latencies_ns.reduced);
  series.add(cgroup, "timer_sample_total", &C::timer_sample_total);
  series.add("run_delays_ns", cgroup.run_delays_ns.reduced);
  series.add("off_cpu_pcts", cgroup.off_cpu_pcts.reduced);
  series.add(cgroup, "total_migrations", &C::total_migrations);
  series.add(cgroup, "total_iterations", &C::total_iterations);
  series.add(cgroup, "total_cpu_time_ns", &C::total_cpu_time_ns);
  series.add(cgroup, "numa_pages_local", &C::numa_pages_local);
  series.add(cgroup, "numa_pages_total", &C::numa_pages_total);
  series.add(cgroup, "cross_node_migrated", &C::cross_node_migrated);
  series.add(cgroup, "max_gap_ms", &C::max_gap_ms);
  series.add_all(cgroup.metrics);
  add_benchmarks(series, cgroup);
  return series.take();
}

void append(std::vector<SeriesRow>& rows, SeriesRow row) {
  if (!row.values.empty()) rows.push_back(std::move(row));
}

}  // namespace

std::vector<SeriesRow> extract_series(const Record& record) {
  std::vector<SeriesRow> rows;
  append(rows, run_series(record));
  for (const CgroupStats& cgroup : record.stats.cgroups) append(rows, cgroup_series(cgroup));
  for (const PhaseBucket& phase : record.stats.phases) {
    append(rows, phase_series(phase));
    for (const auto& [name, cgroup] : phase.per_cgroup) {
      append(rows, phase_cgroup_series(phase, name, cgroup));
    }
  }
  return rows;
}

}  // namespace ktstr
