// SPDX-License-Identifier: MIT
#include "database/extract_series.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>

#include "base/hashing.hpp"
#include "database/extract_values.hpp"
#include "database/views.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

using Length = std::uint32_t;

// Names that no two records share would fill the memory; so would one file's million names.
constexpr std::size_t k_most_kept_bytes = 2 << 20;
constexpr std::size_t k_longest_kept_bytes = 64 * 1024;

std::vector<std::string_view> split(std::string_view names) {
  std::vector<std::string_view> result;
  while (!names.empty()) {
    Length length = 0;
    std::memcpy(&length, names.data(), sizeof length);
    result.push_back(names.substr(sizeof length, length));
    names.remove_prefix(sizeof length + length);
  }
  return result;
}

/// Keeps the first of each name.
std::vector<std::string_view> without_repeats(const std::vector<std::string_view>& names,
                                              std::vector<std::size_t>& kept) {
  std::set<std::string_view> seen;
  std::vector<std::string_view> result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second) continue;
    kept.push_back(i);
    result.push_back(names[i]);
  }
  return result;
}

std::shared_ptr<const SeriesShape> make_shape(const std::string_view* names, std::size_t count) {
  auto shape = std::make_shared<SeriesShape>();
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += std::to_string(names[i].size());
    all += ':';
    all += names[i];
    shape->metrics.emplace_back(names[i]);
  }
  shape->digest = content_id(all);
  return shape;
}

std::shared_ptr<const Packing> make_packing(std::string_view text) {
  constexpr auto k_width = static_cast<std::size_t>(k_series_width);
  auto packing = std::make_shared<Packing>();
  const std::vector<std::string_view> all = split(text);
  const std::vector<std::string_view> names = without_repeats(all, packing->kept);
  packing->has_repeats = names.size() != all.size();
  if (!packing->has_repeats) packing->kept.clear();
  for (std::size_t first = 0; first < names.size(); first += k_width) {
    packing->rows.push_back(make_shape(&names[first], std::min(k_width, names.size() - first)));
  }
  return packing;
}

}  // namespace

void append_name(std::string& names, const SeriesName& name) {
  const auto length = static_cast<Length>(name.stem.size() + name.suffix.size());
  std::array<char, sizeof length> bytes{};
  std::memcpy(bytes.data(), &length, sizeof length);
  names.append(bytes.data(), bytes.size()).append(name.stem).append(name.suffix);
}

std::shared_ptr<const Packing> ShapeCache::find(const std::string& names) {
  if (const auto found = packings_.find(names); found != packings_.end()) return found->second;
  auto packing = make_packing(names);
  if (names.size() > k_longest_kept_bytes) return packing;
  if (kept_bytes_ + names.size() > k_most_kept_bytes) {
    packings_.clear();
    kept_bytes_ = 0;
  }
  kept_bytes_ += names.size();
  packings_.emplace(names, packing);
  return packing;
}

void SeriesBuilder::add_distribution(std::string_view prefix, const Distribution& samples) {
  if (samples.n == 0) return;
  add({prefix, "_n"}, samples.n);
  add({prefix, "_p50"}, samples.p50);
  add({prefix, "_p90"}, samples.p90);
  add({prefix, "_p99"}, samples.p99);
  add({prefix, "_p999"}, samples.p999);
  add({prefix, "_max"}, samples.max);
}

void SeriesBuilder::finish(const SeriesLabels& labels) {
  const auto packing = shapes_.find(names_);
  std::size_t first = out_.values.size();
  if (packing->has_repeats) {
    for (const std::size_t position : packing->kept) out_.values.push_back(values_[position]);
  } else {
    out_.values.insert(out_.values.end(), values_.begin(), values_.end());
  }
  for (const auto& shape : packing->rows) {
    out_.series.push_back({labels, {shape, first}});
    first += shape->metrics.size();
  }
  names_.clear();
  values_.clear();
}

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
