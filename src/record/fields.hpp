// SPDX-License-Identifier: MIT
#pragma once

// The record contract: for each object its keys in the writer's order, the member that holds each,
// and what a missing key or a null means. The decoder, the encoder and the tests walk these tables;
// there is no other list of keys. Source: spec "record", sections 2 to 9.

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ktstr/record.hpp"

namespace ktstr {

enum class KeyPresence {
  required,   ///< missing or null breaks the contract
  nullable,   ///< missing or null is none; always written
  omitted,    ///< missing or null is none; written only when there is something
  defaulted,  ///< missing is the default, null breaks the contract; always written
};

/// Two contracts are served. A key that only one of them knows is unknown to the other.
enum class Side { both, target, newer };

template <typename Owner, typename T>
struct Field {
  using Type = T;
  std::string_view key;
  T Owner::*member = nullptr;
  KeyPresence presence = KeyPresence::required;
  Side side = Side::both;
};

template <typename Owner, typename T>
constexpr Field<Owner, T> required(std::string_view key, T Owner::*member) {
  return {key, member, KeyPresence::required, Side::both};
}
template <typename Owner, typename T>
constexpr Field<Owner, T> nullable(std::string_view key, T Owner::*member) {
  return {key, member, KeyPresence::nullable, Side::both};
}
template <typename Owner, typename T>
constexpr Field<Owner, T> omitted(std::string_view key, T Owner::*member) {
  return {key, member, KeyPresence::omitted, Side::both};
}
template <typename Owner, typename T>
constexpr Field<Owner, T> defaulted(std::string_view key, T Owner::*member) {
  return {key, member, KeyPresence::defaulted, Side::both};
}
template <typename Owner, typename T>
constexpr Field<Owner, T> only(Side side, Field<Owner, T> field) {
  field.side = side;
  return field;
}

/// One field in its place.
template <std::size_t Index, typename F>
struct FieldSlot {
  F field;
};

/// The fields of an object type. A std::tuple of so many parts takes seconds to compile.
template <typename Indexes, typename... F>
struct FieldTable;
template <std::size_t... Index, typename... F>
struct FieldTable<std::index_sequence<Index...>, F...> : FieldSlot<Index, F>... {
  static constexpr std::size_t k_size = sizeof...(F);

  [[nodiscard]] constexpr std::array<std::string_view, k_size> keys() const {
    return {static_cast<const FieldSlot<Index, F>&>(*this).field.key...};
  }

  /// `visit(field…)`, in order.
  template <typename Visit>
  constexpr auto apply(Visit&& visit) const {
    return visit(static_cast<const FieldSlot<Index, F>&>(*this).field...);
  }
};
template <std::size_t Index, typename F>
constexpr const F& field_at(const FieldSlot<Index, F>& slot) {
  return slot.field;
}
template <typename... F>
constexpr auto field_table(F... fields) {
  return FieldTable<std::index_sequence_for<F...>, F...>{{fields}...};
}

/// Specialised for each object type: `static constexpr auto k_table = field_table(Field…)`.
template <typename T>
struct Fields;

template <typename T>
concept RecordObject = requires {
  Fields<T>::k_table;
};

template <RecordObject T>
inline constexpr std::size_t k_field_count = decltype(Fields<T>::k_table)::k_size;

/// Whether a decoder found and could read the field that `member` names. A record that was never
/// decoded says no to everything.
template <RecordObject T, typename M>
bool was_read(const T& object, M T::*member) {
  std::size_t index = 0;
  std::uint64_t bit = 0;
  const auto look = [&](const auto& field) {
    if constexpr (std::is_same_v<decltype(field.member), M T::*>) {
      if (field.member == member) bit = std::uint64_t{1} << index;
    }
    ++index;
  };
  Fields<T>::k_table.apply([&](const auto&... field) { (look(field), ...); });
  return (object.keys.read & bit) != 0;
}

/// Specialised for each unit-only enum: its names in declared order.
template <typename E>
struct EnumNames;
template <>
struct EnumNames<MetricStream> {
  static constexpr std::string_view k_names[] = {"Stdout", "Stderr"};
};
template <>
struct EnumNames<DelayacctState> {
  static constexpr std::string_view k_names[] = {"config_off", "runtime_off", "on"};
};
template <>
struct EnumNames<XacctState> {
  static constexpr std::string_view k_names[] = {"on", "off", "unknown"};
};
template <>
struct EnumNames<ThroughputDenomination> {
  static constexpr std::string_view k_names[] = {"wall", "cpu_sec"};
};
/// Polarity's names; TargetValue alone carries a number.
template <>
struct EnumNames<Polarity> {
  static constexpr std::string_view k_names[] = {"HigherBetter", "LowerBetter", "TargetValue",
                                                 "Unknown", "Informational"};
};

template <>
struct Fields<PlatStats> {
  static constexpr auto k_table = field_table(
      required("plat", &PlatStats::plat), required("nr_samples", &PlatStats::nr_samples),
      required("max", &PlatStats::max), required("min", &PlatStats::min));
};

template <>
struct Fields<TaobenchStats> {
  static constexpr auto k_table = field_table(required("get_cmds", &TaobenchStats::get_cmds),
                                              required("get_misses", &TaobenchStats::get_misses),
                                              required("fast_ops", &TaobenchStats::fast_ops),
                                              required("slow_ops", &TaobenchStats::slow_ops),
                                              required("elapsed_ns", &TaobenchStats::elapsed_ns));
};

template <>
struct Fields<TaobenchPhaseStats> {
  static constexpr auto k_table =
      field_table(required("counters", &TaobenchPhaseStats::counters),
                  required("serve_lat", &TaobenchPhaseStats::serve_lat));
};

template <>
struct Fields<SchbenchPhaseStats> {
  static constexpr auto k_table = field_table(
      required("wakeup", &SchbenchPhaseStats::wakeup),
      required("request", &SchbenchPhaseStats::request), required("rps", &SchbenchPhaseStats::rps),
      required("msg_run_delay_ns", &SchbenchPhaseStats::msg_run_delay_ns),
      required("msg_pcount", &SchbenchPhaseStats::msg_pcount),
      required("worker_run_delay_ns", &SchbenchPhaseStats::worker_run_delay_ns),
      required("worker_pcount", &SchbenchPhaseStats::worker_pcount),
      required("loop_count", &SchbenchPhaseStats::loop_count));
};

template <>
struct Fields<CgroupStats> {
  using T = CgroupStats;
  static constexpr auto k_table = field_table(
      required("cgroup_name", &T::cgroup_name), required("num_workers", &T::num_workers),
      required("cpus_used", &T::cpus_used), required("num_cpus", &T::num_cpus),
      nullable("avg_off_cpu_pct", &T::avg_off_cpu_pct),
      nullable("min_off_cpu_pct", &T::min_off_cpu_pct),
      nullable("max_off_cpu_pct", &T::max_off_cpu_pct), nullable("spread", &T::spread),
      required("max_gap_ms", &T::max_gap_ms), required("max_gap_cpu", &T::max_gap_cpu),
      required("total_migrations", &T::total_migrations),
      required("migration_ratio", &T::migration_ratio),
      required("p99_wake_latency_us", &T::p99_wake_latency_us),
      required("median_wake_latency_us", &T::median_wake_latency_us),
      required("wake_latency_cv", &T::wake_latency_cv),
      required("wake_measured", &T::wake_measured),
      required("median_timer_latency_us", &T::median_timer_latency_us),
      required("p99_timer_latency_us", &T::p99_timer_latency_us),
      required("p999_timer_latency_us", &T::p999_timer_latency_us),
      required("worst_timer_latency_us", &T::worst_timer_latency_us),
      required("timer_measured", &T::timer_measured),
      required("total_iterations", &T::total_iterations),
      required("total_cpu_time_ns", &T::total_cpu_time_ns),
      required("mean_run_delay_us", &T::mean_run_delay_us),
      required("worst_run_delay_us", &T::worst_run_delay_us),
      required("run_delay_measured", &T::run_delay_measured),
      required("page_locality", &T::page_locality),
      required("cross_node_migration_ratio", &T::cross_node_migration_ratio),
      nullable("taobench_whole", &T::taobench_whole), required("ext_metrics", &T::ext_metrics));
};

template <>
struct Fields<PhaseCgroupStats> {
  using T = PhaseCgroupStats;
  static constexpr auto k_table = field_table(
      required("num_workers", &T::num_workers), required("cpus_used", &T::cpus_used),
      required("wake_latencies_ns", &T::wake_latencies_ns),
      required("wake_sample_total", &T::wake_sample_total),
      required("timer_latencies_ns", &T::timer_latencies_ns),
      required("timer_sample_total", &T::timer_sample_total),
      required("run_delays_ns", &T::run_delays_ns), required("off_cpu_pcts", &T::off_cpu_pcts),
      required("total_migrations", &T::total_migrations),
      required("total_iterations", &T::total_iterations),
      required("total_cpu_time_ns", &T::total_cpu_time_ns),
      required("numa_pages_local", &T::numa_pages_local),
      required("numa_pages_total", &T::numa_pages_total),
      required("cross_node_migrated", &T::cross_node_migrated),
      required("max_gap_ms", &T::max_gap_ms), required("max_gap_cpu", &T::max_gap_cpu),
      required("stripped", &T::stripped), required("metrics", &T::metrics),
      nullable("schbench", &T::schbench), nullable("taobench", &T::taobench));
};

template <>
struct Fields<PhaseBucket> {
  using T = PhaseBucket;
  static constexpr auto k_table =
      field_table(required("step_index", &T::step_index), required("label", &T::label),
                  required("start_ms", &T::start_ms), required("end_ms", &T::end_ms),
                  required("sample_count", &T::sample_count), required("metrics", &T::metrics),
                  required("per_cgroup", &T::per_cgroup));
};

template <>
struct Fields<ScenarioStats> {
  using T = ScenarioStats;
  static constexpr auto k_table = field_table(
      required("cgroups", &T::cgroups), required("total_workers", &T::total_workers),
      required("total_cpus", &T::total_cpus), required("total_migrations", &T::total_migrations),
      required("worst_spread", &T::worst_spread), required("worst_gap_ms", &T::worst_gap_ms),
      required("worst_gap_cpu", &T::worst_gap_cpu),
      required("worst_migration_ratio", &T::worst_migration_ratio),
      required("total_iterations", &T::total_iterations), required("ext_metrics", &T::ext_metrics),
      defaulted("phases", &T::phases));
};

template <>
struct Fields<ScxEventDeltas> {
  using T = ScxEventDeltas;
  static constexpr auto k_table = field_table(
      required("total_fallback", &T::total_fallback), required("fallback_rate", &T::fallback_rate),
      required("max_fallback_burst", &T::max_fallback_burst),
      required("total_dispatch_offline", &T::total_dispatch_offline),
      required("total_dispatch_keep_last", &T::total_dispatch_keep_last),
      required("keep_last_rate", &T::keep_last_rate),
      required("total_enq_skip_exiting", &T::total_enq_skip_exiting),
      required("total_enq_skip_migration_disabled", &T::total_enq_skip_migration_disabled),
      required("total_reenq_immed", &T::total_reenq_immed),
      required("total_reenq_local_repeat", &T::total_reenq_local_repeat),
      required("total_refill_slice_dfl", &T::total_refill_slice_dfl),
      required("total_bypass_duration", &T::total_bypass_duration),
      required("total_bypass_dispatch", &T::total_bypass_dispatch),
      required("total_bypass_activate", &T::total_bypass_activate),
      required("total_insert_not_owned", &T::total_insert_not_owned),
      required("total_sub_bypass_dispatch", &T::total_sub_bypass_dispatch));
};

template <>
struct Fields<SchedstatDeltas> {
  using T = SchedstatDeltas;
  static constexpr auto k_table = field_table(
      required("total_run_delay", &T::total_run_delay), required("total_pcount", &T::total_pcount),
      required("total_sched_count", &T::total_sched_count),
      required("total_yld_count", &T::total_yld_count),
      required("total_sched_goidle", &T::total_sched_goidle),
      required("total_ttwu_count", &T::total_ttwu_count),
      required("total_ttwu_local", &T::total_ttwu_local),
      only(Side::target, required("total_schedstat_wall_sec", &T::total_schedstat_wall_sec)),
      only(Side::newer, omitted("total_schedstat_vcpu_sec", &T::total_schedstat_vcpu_sec)));
};

template <>
struct Fields<SchedDomainLbDelta> {
  using T = SchedDomainLbDelta;
  static constexpr auto k_table =
      field_table(required("level", &T::level), required("lb_count", &T::lb_count),
                  required("lb_failed", &T::lb_failed), required("lb_gained", &T::lb_gained),
                  required("lb_imbalance_load", &T::lb_imbalance_load),
                  required("lb_imbalance_util", &T::lb_imbalance_util),
                  required("lb_imbalance_task", &T::lb_imbalance_task),
                  required("lb_imbalance_misfit", &T::lb_imbalance_misfit),
                  required("alb_count", &T::alb_count), required("alb_pushed", &T::alb_pushed));
};

template <>
struct Fields<ProgStatsDelta> {
  using T = ProgStatsDelta;
  static constexpr auto k_table =
      field_table(required("name", &T::name), required("cnt", &T::cnt),
                  required("nsecs", &T::nsecs), required("nsecs_per_call", &T::nsecs_per_call));
};

template <>
struct Fields<BpfMapFieldValue> {
  using T = BpfMapFieldValue;
  static constexpr auto k_table =
      field_table(required("key", &T::key), required("value", &T::value),
                  defaulted("is_counter", &T::is_counter));
};

template <>
struct Fields<MonitorSummary> {
  using T = MonitorSummary;
  static constexpr auto k_table = field_table(
      required("total_samples", &T::total_samples),
      required("max_imbalance_ratio", &T::max_imbalance_ratio),
      required("max_local_dsq_depth", &T::max_local_dsq_depth),
      required("stuck_count", &T::stuck_count),
      required("avg_imbalance_ratio", &T::avg_imbalance_ratio),
      required("avg_nr_running", &T::avg_nr_running),
      required("avg_local_dsq_depth", &T::avg_local_dsq_depth),
      nullable("avg_irq_util", &T::avg_irq_util),
      nullable("max_avg_irq_util", &T::max_avg_irq_util),
      nullable("psi_irq_full_avg10", &T::psi_irq_full_avg10),
      nullable("total_irq_pressure_us", &T::total_irq_pressure_us),
      omitted("event_deltas", &T::event_deltas), omitted("schedstat_deltas", &T::schedstat_deltas),
      omitted("sched_domain_lb", &T::sched_domain_lb),
      omitted("prog_stats_deltas", &T::prog_stats_deltas),
      omitted("bpf_map_fields", &T::bpf_map_fields));
};

template <>
struct Fields<ProgVerifierStats> {
  using T = ProgVerifierStats;
  static constexpr auto k_table =
      field_table(required("name", &T::name), required("verified_insns", &T::verified_insns));
};

template <>
struct Fields<KvmStatsTotals> {
  static constexpr auto k_table = field_table(required("per_vcpu", &KvmStatsTotals::per_vcpu));
};

template <>
struct Fields<StimulusEvent> {
  using T = StimulusEvent;
  static constexpr auto k_table = field_table(
      required("elapsed_ms", &T::elapsed_ms), required("label", &T::label),
      nullable("op_kind", &T::op_kind), nullable("detail", &T::detail),
      nullable("total_iterations", &T::total_iterations), nullable("step_index", &T::step_index),
      required("is_terminal", &T::is_terminal), required("is_step_end", &T::is_step_end));
};

template <>
struct Fields<Metric> {
  using T = Metric;
  static constexpr auto k_table = field_table(
      required("name", &T::name), required("value", &T::value), required("polarity", &T::polarity),
      required("unit", &T::unit), required("stream", &T::stream));
};

template <>
struct Fields<PayloadMetrics> {
  using T = PayloadMetrics;
  static constexpr auto k_table =
      field_table(required("payload_index", &T::payload_index), required("metrics", &T::metrics),
                  required("exit_code", &T::exit_code));
};

template <>
struct Fields<PerfDeltaAssertionRecord> {
  using T = PerfDeltaAssertionRecord;
  static constexpr auto k_table =
      field_table(required("metric", &T::metric), nullable("direction", &T::direction),
                  nullable("max_regression_pct", &T::max_regression_pct),
                  nullable("min_abs", &T::min_abs), nullable("phase", &T::phase));
};

template <>
struct Fields<HostHeapState> {
  using T = HostHeapState;
  static constexpr auto k_table = field_table(
      omitted("active_bytes", &T::active_bytes), omitted("allocated_bytes", &T::allocated_bytes),
      omitted("resident_bytes", &T::resident_bytes), omitted("mapped_bytes", &T::mapped_bytes),
      omitted("narenas", &T::narenas));
};

template <>
struct Fields<HostContext> {
  using T = HostContext;
  static constexpr auto k_table = field_table(
      omitted("cpu_model", &T::cpu_model), omitted("cpu_vendor", &T::cpu_vendor),
      omitted("total_memory_kib", &T::total_memory_kib),
      omitted("hugepages_total", &T::hugepages_total),
      omitted("hugepages_free", &T::hugepages_free),
      omitted("hugepages_size_kib", &T::hugepages_size_kib),
      omitted("thp_enabled", &T::thp_enabled), omitted("thp_defrag", &T::thp_defrag),
      omitted("sched_tunables", &T::sched_tunables), omitted("online_cpus", &T::online_cpus),
      omitted("numa_nodes", &T::numa_nodes), omitted("cpufreq_governor", &T::cpufreq_governor),
      omitted("kernel_name", &T::kernel_name), omitted("kernel_release", &T::kernel_release),
      omitted("arch", &T::arch), omitted("kernel_cmdline", &T::kernel_cmdline),
      omitted("task_delayacct", &T::task_delayacct),
      omitted("config_task_xacct", &T::config_task_xacct), omitted("heap_state", &T::heap_state));
};

template <>
struct Fields<Record> {
  using T = Record;
  static constexpr auto k_table = field_table(
      required("test_name", &T::test_name), required("topology", &T::topology),
      required("scheduler", &T::scheduler), nullable("scheduler_commit", &T::scheduler_commit),
      nullable("resolve_source", &T::resolve_source),
      nullable("project_commit", &T::project_commit), nullable("payload", &T::payload),
      required("metrics", &T::metrics), required("passed", &T::passed),
      required("skipped", &T::skipped), required("inconclusive", &T::inconclusive),
      required("expected_failure", &T::expected_failure), required("stats", &T::stats),
      nullable("monitor", &T::monitor), required("periodic_fired", &T::periodic_fired),
      required("periodic_target", &T::periodic_target), required("vcpus", &T::vcpus),
      required("cpu_budget", &T::cpu_budget),
      only(Side::newer, omitted("host_dilation", &T::host_dilation)),
      only(Side::newer, defaulted("throughput_denomination", &T::throughput_denomination)),
      required("stimulus_events", &T::stimulus_events), required("work_type", &T::work_type),
      required("verifier_stats", &T::verifier_stats), nullable("kvm_stats", &T::kvm_stats),
      required("sysctls", &T::sysctls), required("kargs", &T::kargs),
      nullable("kernel_version", &T::kernel_version), nullable("kernel_commit", &T::kernel_commit),
      required("timestamp", &T::timestamp), required("run_id", &T::run_id),
      nullable("host", &T::host), nullable("cleanup_duration_ms", &T::cleanup_duration_ms),
      nullable("run_source", &T::run_source),
      required("perf_delta_assertions", &T::perf_delta_assertions));
};

}  // namespace ktstr
