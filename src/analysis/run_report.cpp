// SPDX-License-Identifier: MIT
#include "analysis/run_report.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string_view>

#include "ktstr/index.hpp"

namespace ktstr {
namespace {

/// The kernel's BPF_COMPLEXITY_LIMIT_INSNS.
constexpr double k_insn_limit = 1'000'000;
constexpr double k_near_pct = 75;

}  // namespace

std::vector<ProgramLimit> program_limits(const std::vector<VerifierProgram>& seen) {
  std::map<std::string_view, std::uint32_t> largest;
  for (const VerifierProgram& program : seen) {
    std::uint32_t& insns = largest[program.program];
    insns = std::max(insns, program.verified_insns);
  }
  std::vector<ProgramLimit> limits;
  limits.reserve(largest.size());
  for (const auto& [name, insns] : largest) {
    const double pct = static_cast<double>(insns) / k_insn_limit * 100;
    limits.push_back({std::string(name), insns, pct, pct >= k_near_pct});
  }
  return limits;
}

ReplayOutcome replay_outcome(const VerdictCounts& counts) {
  const std::int64_t all = counts.all();
  if (all == 0) return ReplayOutcome::dropped;
  if (counts.pass == all) return ReplayOutcome::fixed;
  if (counts.inconclusive == all) return ReplayOutcome::inconclusive;
  // A skip says nothing new about a test that had failed.
  if (counts.fail + counts.skip == all) return ReplayOutcome::persistent;
  return ReplayOutcome::mixed;
}

std::vector<ReplayedTest> replay_outcomes(const std::vector<std::string>& names,
                                          const std::map<std::string, VerdictCounts>& verdicts) {
  std::vector<ReplayedTest> tests;
  tests.reserve(names.size());
  for (const std::string& name : names) {
    const auto found = verdicts.find(name);
    const VerdictCounts counts = found == verdicts.end() ? VerdictCounts{} : found->second;
    tests.push_back({name, replay_outcome(counts), counts});
  }
  return tests;
}

namespace {

constexpr std::string_view k_metric_names[] = {
    "spread",
    "gap_ms",
    "migrations",
    "migration_ratio",
    "imbalance",
    "dsq_depth",
    "stuck",
    "fallback",
    "keep_last",
    "worst_p99_wake_latency_us",
    "worst_wake_latency_cv",
    "worst_mean_run_delay_us",
    "worst_run_delay_us",
};
static_assert(std::size(k_metric_names) == k_gauntlet_metrics);

double finite_or_zero(double value) { return std::isfinite(value) ? value : 0; }

/// A scenario's own value stands before a map field of that name, which counts only if the monitor
/// took samples; the first field of a name stands.
double extension_metric(const Record& record, std::string_view name) {
  const auto& own = record.stats.ext_metrics;
  const auto found = own.find(std::string(name));
  if (found != own.end() && std::isfinite(found->second)) return found->second;
  if (!record.monitor || record.monitor->total_samples == 0) return 0;
  if (!record.monitor->bpf_map_fields) return 0;
  for (const BpfMapFieldValue& field : *record.monitor->bpf_map_fields) {
    if (field.key == name && std::isfinite(field.value)) return field.value;
  }
  return 0;
}

GauntletRow gauntlet_row(const Record& record) {
  GauntletRow row;
  row.scenario = record.test_name;
  row.topology = record.topology;
  row.work_type = record.work_type;
  row.passed = record.passed;
  row.skipped = record.skipped;
  row.inconclusive = record.inconclusive;
  using enum GauntletMetric;
  const auto set = [&row](GauntletMetric metric, double value) {
    row.metrics[static_cast<std::size_t>(metric)] = finite_or_zero(value);
  };
  set(spread, record.stats.worst_spread);
  set(gap_ms, static_cast<double>(record.stats.worst_gap_ms));
  set(migrations, static_cast<double>(record.stats.total_migrations));
  set(migration_ratio, record.stats.worst_migration_ratio);
  if (record.monitor) {
    set(imbalance, record.monitor->max_imbalance_ratio);
    set(dsq_depth, record.monitor->max_local_dsq_depth);
    set(stuck, static_cast<double>(record.monitor->stuck_count));
    if (const auto& events = record.monitor->event_deltas) {
      set(fallback, static_cast<double>(events->total_fallback));
      set(keep_last, static_cast<double>(events->total_dispatch_keep_last));
    }
  }
  for (const GauntletMetric metric : {worst_p99_wake_latency_us, worst_wake_latency_cv,
                                      worst_mean_run_delay_us, worst_run_delay_us}) {
    set(metric, extension_metric(record, gauntlet_metric_name(metric)));
  }
  return row;
}

void add_callbacks(RunReport& report, const Record& record) {
  if (!record.monitor || !record.monitor->prog_stats_deltas) return;
  if (record.monitor->prog_stats_deltas->empty()) return;
  TestCallbacks callbacks{record.test_name, record.topology, {}};
  for (const ProgStatsDelta& program : *record.monitor->prog_stats_deltas) {
    callbacks.programs.push_back(
        {program.name, program.cnt, program.nsecs, program.nsecs_per_call});
  }
  report.callbacks.push_back(std::move(callbacks));
}

KvmTotals kvm_totals(const KvmStatsTotals& kvm) {
  KvmTotals totals;
  totals.vcpus = kvm.per_vcpu.size();
  totals.exits = kvm.sum("exits");
  totals.halt_exits = kvm.sum("halt_exits");
  totals.halt_wait_ns = kvm.sum("halt_wait_ns");
  totals.halt_successful_poll = kvm.sum("halt_successful_poll");
  totals.halt_attempted_poll = kvm.sum("halt_attempted_poll");
  totals.preemption_reported = kvm.sum("preemption_reported");
  totals.signal_exits = kvm.sum("signal_exits");
  totals.hypercalls = kvm.sum("hypercalls");
  return totals;
}

}  // namespace

std::string_view gauntlet_metric_name(GauntletMetric metric) {
  return k_metric_names[static_cast<std::size_t>(metric)];
}

void add_result(RunReport& report, const Record& record) {
  report.rows.push_back(gauntlet_row(record));
  for (const ProgVerifierStats& program : record.verifier_stats) {
    report.verifier.push_back({program.name, program.verified_insns});
  }
  add_callbacks(report, record);
  if (record.kvm_stats) report.kvm.push_back(kvm_totals(*record.kvm_stats));
  std::string& first = report.first_timestamp;
  if (!record.timestamp.empty() && (first.empty() || record.timestamp < first)) {
    first = record.timestamp;
  }
}

RunReport run_report(const std::vector<Record>& records) {
  RunReport report;
  report.rows.reserve(records.size());
  for (const Record& record : records) add_result(report, record);
  return report;
}

}  // namespace ktstr
