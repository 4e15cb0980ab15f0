// SPDX-License-Identifier: MIT
#include "catalog/extract_monitor.hpp"

#include <algorithm>
#include <cctype>

namespace ktstr {
namespace {

void add_monitor_levels(SeriesBuilder& series, const std::vector<SchedDomainLbDelta>& domains) {
  for (const SchedDomainLbDelta& domain : domains) {
    std::string level = domain.level;
    std::transform(level.begin(), level.end(), level.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    using D = SchedDomainLbDelta;
    series.add(domain, {"lb_count_", level}, &D::lb_count);
    series.add(domain, {"lb_failed_", level}, &D::lb_failed);
    series.add(domain, {"lb_gained_", level}, &D::lb_gained);
    series.add(domain, {"lb_imbalance_load_", level}, &D::lb_imbalance_load);
    series.add(domain, {"lb_imbalance_util_", level}, &D::lb_imbalance_util);
    series.add(domain, {"lb_imbalance_task_", level}, &D::lb_imbalance_task);
    series.add(domain, {"lb_imbalance_misfit_", level}, &D::lb_imbalance_misfit);
    series.add(domain, {"alb_count_", level}, &D::alb_count);
    series.add(domain, {"alb_pushed_", level}, &D::alb_pushed);
  }
}

void add_monitor_fields(SeriesBuilder& series, const std::vector<BpfMapFieldValue>& fields) {
  for (const BpfMapFieldValue& field : fields) {
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

/// What no harness row has. An extension metric of the same name stands.
void add_events(SeriesBuilder& series, const ScxEventDeltas& events) {
  using E = ScxEventDeltas;
  series.add(events, "fallback_rate", &E::fallback_rate);
  series.add(events, "max_fallback_burst", &E::max_fallback_burst);
  series.add(events, "total_dispatch_offline", &E::total_dispatch_offline);
  series.add(events, "keep_last_rate", &E::keep_last_rate);
  series.add(events, "total_enq_skip_exiting", &E::total_enq_skip_exiting);
  series.add(events, "total_enq_skip_migration_disabled", &E::total_enq_skip_migration_disabled);
  series.add(events, "total_reenq_immed", &E::total_reenq_immed);
  series.add(events, "total_reenq_local_repeat", &E::total_reenq_local_repeat);
  series.add(events, "total_refill_slice_dfl", &E::total_refill_slice_dfl);
  series.add(events, "total_bypass_duration", &E::total_bypass_duration);
  series.add(events, "total_bypass_dispatch", &E::total_bypass_dispatch);
  series.add(events, "total_bypass_activate", &E::total_bypass_activate);
  series.add(events, "total_insert_not_owned", &E::total_insert_not_owned);
  series.add(events, "total_sub_bypass_dispatch", &E::total_sub_bypass_dispatch);
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
  if (monitor.sched_domain_lb) add_monitor_levels(series, *monitor.sched_domain_lb);
  if (monitor.bpf_map_fields) add_monitor_fields(series, *monitor.bpf_map_fields);
}

}  // namespace

void add_monitor(SeriesBuilder& series, const MonitorSummary& monitor) {
  using M = MonitorSummary;
  series.add(monitor, "max_imbalance_ratio", &M::max_imbalance_ratio);
  series.add(monitor, "max_dsq_depth", &M::max_local_dsq_depth);
  series.add(monitor, "stuck_count", &M::stuck_count);
  if (monitor.event_deltas) {
    using E = ScxEventDeltas;
    series.add(*monitor.event_deltas, "total_fallback", &E::total_fallback);
    series.add(*monitor.event_deltas, "total_keep_last", &E::total_dispatch_keep_last);
  }
  if (monitor.schedstat_deltas) add_schedstat(series, *monitor.schedstat_deltas);
}

void add_monitor_rest(SeriesBuilder& series, const MonitorSummary& monitor) {
  add_monitor_gauges(series, monitor);
  if (monitor.event_deltas) add_events(series, *monitor.event_deltas);
}

}  // namespace ktstr
