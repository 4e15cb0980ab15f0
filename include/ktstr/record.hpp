// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ktstr/result.hpp"

// The sidecar record: what one test result holds. Field names are the JSON keys and stand in the
// order in which the writer puts them. The contract (which key is required, nullable, omitted or
// defaulted) is in src/record/fields.hpp, which both the decoder and the encoder walk.
//
// Types only: plain values, no invariants, safe to copy between threads.

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// A key that the contract doesn't know, kept so that re-encoding gives the same document.
struct UnknownKey {
  std::string after;  ///< the contract's key that stood before it; empty: at the object's start
  std::string key;    ///< as JSON text, quoted and escaped
  std::string value;  ///< as compact JSON text
};

/// What a decoder saw in one object. A record built by a harness leaves it alone.
struct ObjectKeys {
  std::uint64_t read = 0;  ///< bit i: the i-th field of the contract was there and readable
  std::vector<UnknownKey> unknown;
};

/// A sample set reduced by nearest rank: value at rank ceil(n*p) of the sorted samples.
struct Distribution {
  std::uint64_t n = 0;  ///< 0: nothing was measured, the rest says nothing
  double p50 = 0.0;
  double p90 = 0.0;
  double p99 = 0.0;
  double p999 = 0.0;
  double max = 0.0;
};

/// Raw samples. A decoder that was told to reduce leaves `values` empty.
struct Samples {
  std::vector<std::uint64_t> values;
  Distribution reduced;
};

/// The same for fractional samples.
struct RealSamples {
  std::vector<double> values;
  Distribution reduced;
};

/// Counts per bucket. A decoder that was told to reduce leaves `counts` empty.
struct BucketCounts {
  std::vector<std::uint32_t> counts;
  Distribution reduced;  ///< of the samples that the buckets count, by each bucket's middle
};

/// A latency histogram of exactly 4864 buckets. Values below 512 have a bucket each; above, each
/// power of two is cut in 256.
struct PlatStats {
  ObjectKeys keys;
  BucketCounts plat;
  std::uint64_t nr_samples = 0;
  std::uint32_t max = 0;
  std::uint32_t min = 0;  ///< 0: unset
};
inline constexpr std::size_t k_plat_buckets = 4864;

struct TaobenchStats {
  ObjectKeys keys;
  std::uint64_t get_cmds = 0;
  std::uint64_t get_misses = 0;
  std::uint64_t fast_ops = 0;
  std::uint64_t slow_ops = 0;
  std::uint64_t elapsed_ns = 0;
};

struct TaobenchPhaseStats {
  ObjectKeys keys;
  TaobenchStats counters;
  PlatStats serve_lat;  ///< microseconds
};

struct SchbenchPhaseStats {
  ObjectKeys keys;
  PlatStats wakeup;   ///< microseconds
  PlatStats request;  ///< microseconds
  PlatStats rps;      ///< requests per second
  std::uint64_t msg_run_delay_ns = 0;
  std::uint64_t msg_pcount = 0;
  std::uint64_t worker_run_delay_ns = 0;
  std::uint64_t worker_pcount = 0;
  std::uint64_t loop_count = 0;
};

struct CgroupStats {
  ObjectKeys keys;
  std::string cgroup_name;
  std::uint64_t num_workers = 0;
  std::set<std::uint64_t> cpus_used;
  std::uint64_t num_cpus = 0;
  std::optional<double> avg_off_cpu_pct;
  std::optional<double> min_off_cpu_pct;
  std::optional<double> max_off_cpu_pct;
  std::optional<double> spread;
  std::uint64_t max_gap_ms = 0;
  std::uint64_t max_gap_cpu = 0;
  std::uint64_t total_migrations = 0;
  double migration_ratio = 0.0;
  double p99_wake_latency_us = 0.0;  ///< a placeholder unless wake_measured, like the next two
  double median_wake_latency_us = 0.0;
  double wake_latency_cv = 0.0;
  bool wake_measured = false;
  double median_timer_latency_us = 0.0;  ///< placeholders unless timer_measured, four of them
  double p99_timer_latency_us = 0.0;
  double p999_timer_latency_us = 0.0;
  double worst_timer_latency_us = 0.0;
  bool timer_measured = false;
  std::uint64_t total_iterations = 0;
  std::uint64_t total_cpu_time_ns = 0;
  double mean_run_delay_us = 0.0;  ///< a placeholder unless run_delay_measured, like the next
  double worst_run_delay_us = 0.0;
  bool run_delay_measured = false;
  double page_locality = 0.0;
  double cross_node_migration_ratio = 0.0;
  std::optional<TaobenchStats> taobench_whole;
  std::map<std::string, double> ext_metrics;
};

struct PhaseCgroupStats {
  ObjectKeys keys;
  std::uint64_t num_workers = 0;
  std::set<std::uint64_t> cpus_used;
  Samples wake_latencies_ns;
  std::uint64_t wake_sample_total = 0;
  Samples timer_latencies_ns;
  std::uint64_t timer_sample_total = 0;
  Samples run_delays_ns;
  RealSamples off_cpu_pcts;
  std::uint64_t total_migrations = 0;
  std::uint64_t total_iterations = 0;
  std::uint64_t total_cpu_time_ns = 0;
  std::uint64_t numa_pages_local = 0;
  std::uint64_t numa_pages_total = 0;
  std::uint64_t cross_node_migrated = 0;
  std::uint64_t max_gap_ms = 0;
  std::uint64_t max_gap_cpu = 0;
  bool stripped = false;
  std::map<std::string, double> metrics;
  std::optional<SchbenchPhaseStats> schbench;
  std::optional<TaobenchPhaseStats> taobench;
};

struct PhaseBucket {
  ObjectKeys keys;
  std::uint16_t step_index = 0;  ///< 0: BASELINE, k+1: Step[k]
  std::string label;
  std::uint64_t start_ms = 0;  ///< 2^64-1 with end_ms 0: no anchored sample
  std::uint64_t end_ms = 0;
  std::uint64_t sample_count = 0;
  std::map<std::string, double> metrics;
  std::map<std::string, PhaseCgroupStats> per_cgroup;
};

struct ScenarioStats {
  ObjectKeys keys;
  std::vector<CgroupStats> cgroups;
  std::uint64_t total_workers = 0;
  std::uint64_t total_cpus = 0;
  std::uint64_t total_migrations = 0;
  double worst_spread = 0.0;
  std::uint64_t worst_gap_ms = 0;
  std::uint64_t worst_gap_cpu = 0;
  double worst_migration_ratio = 0.0;
  std::uint64_t total_iterations = 0;
  std::map<std::string, double> ext_metrics;
  std::vector<PhaseBucket> phases;
};

struct ScxEventDeltas {
  ObjectKeys keys;
  std::int64_t total_fallback = 0;
  double fallback_rate = 0.0;
  std::int64_t max_fallback_burst = 0;
  std::int64_t total_dispatch_offline = 0;
  std::int64_t total_dispatch_keep_last = 0;
  double keep_last_rate = 0.0;
  std::int64_t total_enq_skip_exiting = 0;
  std::int64_t total_enq_skip_migration_disabled = 0;
  std::int64_t total_reenq_immed = 0;
  std::int64_t total_reenq_local_repeat = 0;
  std::int64_t total_refill_slice_dfl = 0;
  std::int64_t total_bypass_duration = 0;
  std::int64_t total_bypass_dispatch = 0;
  std::int64_t total_bypass_activate = 0;
  std::int64_t total_insert_not_owned = 0;
  std::int64_t total_sub_bypass_dispatch = 0;
};

struct SchedstatDeltas {
  ObjectKeys keys;
  std::uint64_t total_run_delay = 0;
  std::uint64_t total_pcount = 0;
  std::uint64_t total_sched_count = 0;
  std::uint64_t total_yld_count = 0;
  std::uint64_t total_sched_goidle = 0;
  std::uint64_t total_ttwu_count = 0;
  std::uint64_t total_ttwu_local = 0;
  std::optional<double> total_schedstat_wall_sec;  ///< the target contract's; required there
  /// The newer contract's: outer none = key absent, inner none = null.
  std::optional<std::optional<double>> total_schedstat_vcpu_sec;
};

struct SchedDomainLbDelta {
  ObjectKeys keys;
  std::string level;
  std::uint64_t lb_count = 0;
  std::uint64_t lb_failed = 0;
  std::uint64_t lb_gained = 0;
  std::uint64_t lb_imbalance_load = 0;
  std::uint64_t lb_imbalance_util = 0;
  std::uint64_t lb_imbalance_task = 0;
  std::uint64_t lb_imbalance_misfit = 0;
  std::uint64_t alb_count = 0;
  std::uint64_t alb_pushed = 0;
};

struct ProgStatsDelta {
  ObjectKeys keys;
  std::string name;
  std::uint64_t cnt = 0;
  std::uint64_t nsecs = 0;
  double nsecs_per_call = 0.0;
};

struct BpfMapFieldValue {
  ObjectKeys keys;
  std::string key;
  double value = 0.0;
  bool is_counter = false;
};

struct MonitorSummary {
  ObjectKeys keys;
  std::uint64_t total_samples = 0;
  double max_imbalance_ratio = 0.0;
  std::uint32_t max_local_dsq_depth = 0;
  std::uint64_t stuck_count = 0;
  double avg_imbalance_ratio = 0.0;
  double avg_nr_running = 0.0;
  double avg_local_dsq_depth = 0.0;
  std::optional<double> avg_irq_util;
  std::optional<double> max_avg_irq_util;
  std::optional<double> psi_irq_full_avg10;
  std::optional<double> total_irq_pressure_us;
  std::optional<ScxEventDeltas> event_deltas;
  std::optional<SchedstatDeltas> schedstat_deltas;
  std::optional<std::vector<SchedDomainLbDelta>> sched_domain_lb;
  std::optional<std::vector<ProgStatsDelta>> prog_stats_deltas;
  std::optional<std::vector<BpfMapFieldValue>> bpf_map_fields;
};

struct ProgVerifierStats {
  ObjectKeys keys;
  std::string name;
  std::uint32_t verified_insns = 0;
};

struct KvmStatsTotals {
  ObjectKeys keys;
  /// By vCPU id; statistic name and cumulative value in the file's (random) order.
  std::vector<std::vector<std::pair<std::string, std::uint64_t>>> per_vcpu;

  /// Over all vCPUs that have it; 0 if none has. Wraps as the harness's release build does.
  [[nodiscard]] std::uint64_t sum(const std::string& name) const;
  /// sum / number of vCPUs, truncated; vCPUs without it count in the divisor; 0 without vCPUs.
  [[nodiscard]] std::uint64_t avg(const std::string& name) const;
};

struct StimulusEvent {
  ObjectKeys keys;
  std::uint64_t elapsed_ms = 0;
  std::string label;
  std::optional<std::string> op_kind;
  std::optional<std::string> detail;
  std::optional<std::uint64_t> total_iterations;
  std::optional<std::uint16_t> step_index;
  bool is_terminal = false;
  bool is_step_end = false;
};

/// Which way a metric is good.
struct Polarity {
  enum class Kind { higher_better, lower_better, target_value, unknown, informational };
  Kind kind = Kind::unknown;
  double target = 0.0;  ///< of target_value only
};

enum class MetricStream { standard_output, standard_error };

struct Metric {
  ObjectKeys keys;
  std::string name;
  double value = 0.0;
  Polarity polarity;
  std::string unit;
  MetricStream stream = MetricStream::standard_output;
};

struct PayloadMetrics {
  ObjectKeys keys;
  std::uint64_t payload_index = 0;
  std::vector<Metric> metrics;
  std::int32_t exit_code = 0;
};

struct PerfDeltaAssertionRecord {
  ObjectKeys keys;
  std::string metric;
  std::optional<Polarity> direction;
  std::optional<double> max_regression_pct;
  std::optional<double> min_abs;
  std::optional<std::uint16_t> phase;
};

struct HostHeapState {
  ObjectKeys keys;
  std::optional<std::uint64_t> active_bytes;
  std::optional<std::uint64_t> allocated_bytes;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> mapped_bytes;
  std::optional<std::uint64_t> narenas;
};

enum class DelayacctState { config_off, runtime_off, on };
enum class XacctState { on, off, unknown };

struct HostContext {
  ObjectKeys keys;
  std::optional<std::string> cpu_model;
  std::optional<std::string> cpu_vendor;
  std::optional<std::uint64_t> total_memory_kib;
  std::optional<std::uint64_t> hugepages_total;
  std::optional<std::uint64_t> hugepages_free;
  std::optional<std::uint64_t> hugepages_size_kib;
  std::optional<std::string> thp_enabled;
  std::optional<std::string> thp_defrag;
  std::optional<std::map<std::string, std::string>> sched_tunables;
  std::optional<std::uint64_t> online_cpus;
  std::optional<std::uint64_t> numa_nodes;
  std::map<std::uint64_t, std::string> cpufreq_governor;  ///< by CPU id
  std::optional<std::string> kernel_name;
  std::optional<std::string> kernel_release;
  std::optional<std::string> arch;
  std::optional<std::string> kernel_cmdline;
  std::optional<DelayacctState> task_delayacct;
  std::optional<XacctState> config_task_xacct;
  std::optional<HostHeapState> heap_state;
};

enum class ThroughputDenomination { wall, cpu_sec };

/// One test result (the harness's SidecarResult).
struct Record {
  ObjectKeys keys;
  std::string test_name;
  std::string topology;
  std::string scheduler;
  std::optional<std::string> scheduler_commit;
  std::optional<std::string> resolve_source;
  std::optional<std::string> project_commit;
  std::optional<std::string> payload;
  std::vector<PayloadMetrics> metrics;
  bool passed = false;
  bool skipped = false;
  bool inconclusive = false;
  bool expected_failure = false;
  ScenarioStats stats;
  std::optional<MonitorSummary> monitor;
  std::uint32_t periodic_fired = 0;
  std::uint32_t periodic_target = 0;
  std::uint32_t vcpus = 0;
  std::uint32_t cpu_budget = 0;
  std::optional<double> host_dilation;                            ///< newer producers only
  std::optional<ThroughputDenomination> throughput_denomination;  ///< newer producers only
  std::vector<StimulusEvent> stimulus_events;
  std::string work_type;
  std::vector<ProgVerifierStats> verifier_stats;
  std::optional<KvmStatsTotals> kvm_stats;
  std::vector<std::string> sysctls;
  std::vector<std::string> kargs;
  std::optional<std::string> kernel_version;
  std::optional<std::string> kernel_commit;
  std::string timestamp;
  std::string run_id;
  std::optional<HostContext> host;
  std::optional<std::uint64_t> cleanup_duration_ms;
  std::optional<std::string> run_source;
  std::vector<PerfDeltaAssertionRecord> perf_delta_assertions;

  // The harness's predicates. At most one stored bit should be true; of a record that breaks this,
  // skip and inconclusive may both hold, and pass or fail never does.
  [[nodiscard]] bool is_pass() const { return passed && !skipped && !inconclusive; }
  [[nodiscard]] bool is_fail() const { return !passed && !skipped && !inconclusive; }
  [[nodiscard]] bool is_skip() const { return skipped; }
  [[nodiscard]] bool is_inconclusive() const { return inconclusive; }
};

/// The one state that a row is counted under, illegal mixes of bits included.
enum class Verdict { pass, fail, skip, inconclusive };
[[nodiscard]] constexpr Verdict verdict_of(bool passed, bool skipped, bool inconclusive) {
  if (skipped) return Verdict::skip;
  if (inconclusive) return Verdict::inconclusive;
  return passed ? Verdict::pass : Verdict::fail;
}
/// "pass", "fail", "skip" or "inconclusive".
[[nodiscard]] const char* verdict_name(Verdict verdict);

// Between a record and its JSON text. Rules: the harness's serde derive (spec "record"), and the
// project's annex for the statuses. Every function here is thread-safe.

/// keep: everything, so that the record can be encoded again. reduce: sample vectors and
/// histograms are checked and reduced but not kept, and neither are unknown keys; for indexing.
enum class SampleHandling { keep, reduce };

/// ok: the harness's reader, or the newer producer's, would take the file as it is.
/// drift: a JSON object that breaks the contract.
enum class Contract { ok, drift };

struct DecodedRecord {
  Record record;  ///< of a drifted file: what was readable; ObjectKeys::read says what that is
  Contract contract = Contract::ok;
  std::string error;  ///< of drift: the first broken path, "stats.phases[0].label: invalid type…"
};

/// Decodes one sidecar's bytes.
/// Error (code parse): not one JSON text, or its top is not an object ("corrupt"). Its hint is
/// "utf-8" when the bytes are not UTF-8, which the harness counts as a failed read. Code busy: the
/// memory for it was not to be had, and nothing is known of the text.
/// Drift is not an error. With samples reduced it needs, text included, at most three times the
/// text's size; a string with 64 bytes of spare capacity is not copied.
[[nodiscard]] Result<DecodedRecord> decode_record(const std::string& json, SampleHandling samples);

/// Of an error of decode_record(): whether the bytes are not UTF-8.
[[nodiscard]] bool is_not_utf8(const Error& error);

/// Byte for byte what serde's pretty printer writes for this record: two spaces, declared key
/// order, no newline at the end; NaN and infinities become null. Unknown keys come back where they
/// stood. A record decoded with SampleHandling::reduce loses its samples.
[[nodiscard]] std::string encode_record(const Record& record);

/// The six fields that tell the variants of one test apart. Hosts, commits, run source, resolve
/// source and cpu budget are left out on purpose: the same variant measured elsewhere must pair.
struct VariantParts {
  std::string topology;
  std::string scheduler;
  std::optional<std::string> payload;
  std::string work_type;
  std::vector<std::string> sysctls;  ///< any order
  std::vector<std::string> kargs;    ///< any order
};

/// SipHash-1-3 with zero keys over the fields as compact JSON with sorted keys and sorted lists.
/// The same number for the same variant for ever: file names carry it. Thread-safe.
[[nodiscard]] std::uint64_t variant_hash(const VariantParts& parts);
[[nodiscard]] std::uint64_t variant_hash(const Record& record);

/// 16 lower-case hex digits, as in "{test}-{hash}.ktstr.json".
[[nodiscard]] std::string variant_hash_text(std::uint64_t hash);

}  // namespace ktstr
#pragma GCC visibility pop
