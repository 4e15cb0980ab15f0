// SPDX-License-Identifier: MIT
#include "database/extract.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>

#include "support/small_records.hpp"

namespace ktstr::test {
namespace {

std::string shown(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return std::to_string(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
  return "NULL";
}

std::string column(const ExtractedRecord& record, const std::string& name) {
  const auto& names = stored_columns();
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return "no such column";
  return shown(record.columns.at(static_cast<std::size_t>(at - names.begin())));
}
std::string column(const Record& record, const std::string& name) {
  return column(extract(decoded(record)), name);
}
std::string column_of_text(const std::string& json, const std::string& name) {
  return column(extract(decode_record(json, SampleHandling::reduce).value()), name);
}

/// The values of the series of that phase and cgroup; nothing if there is no such series.
std::map<std::string, double> series(const ExtractedRecord& record,
                                     std::optional<std::int64_t> phase = {},
                                     std::optional<std::string> cgroup = {}) {
  std::map<std::string, double> values;
  for (const SeriesRow& row : record.series) {
    if (row.labels.phase != phase || row.labels.cgroup != cgroup) continue;
    const std::vector<std::string>& metrics = row.packed.shape->metrics;
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      values[metrics[i]] = record.values.at(row.packed.first + i);
    }
  }
  return values;
}

CgroupStats measured_cgroup() {
  CgroupStats cgroup;
  cgroup.cgroup_name = "cg";
  cgroup.p99_wake_latency_us = 9.0;
  cgroup.worst_timer_latency_us = 8.0;
  cgroup.mean_run_delay_us = 7.0;
  return cgroup;
}

TEST(Extraction, TakesIdentityAndVerdict) {
  const ExtractedRecord record = extract(decoded(small_record("a")));
  EXPECT_EQ(column(record, "test_name"), "'a'");
  EXPECT_EQ(column(record, "scheduler"), "'eevdf'");
  EXPECT_EQ(column(record, "verdict"), "'pass'");
  EXPECT_EQ(column(record, "passed"), "1");
}

TEST(Extraction, HashesTheVariantFromTheContent) {
  Record record = small_record("a");
  record.topology = "1n1l1c1t";
  EXPECT_EQ(column(record, "variant_hash"), "'16b754f538ba41fd'");
}

TEST(Extraction, CallsZeroCpusUnknown) {
  Record record = small_record("a");
  EXPECT_EQ(column(record, "vcpus"), "2");
  record.vcpus = 0;
  record.cpu_budget = 0;
  EXPECT_EQ(column(record, "vcpus"), "NULL");
  EXPECT_EQ(column(record, "cpu_budget"), "NULL");
}

TEST(Extraction, TakesTheKernelSeriesFromTheFirstTwoNumbers) {
  const std::map<std::string, std::string> expected = {{"6.14.2", "'6.14'"}, {"6.14-rc3", "'6.14'"},
                                                       {"7.0", "'7.0'"},     {"6", "NULL"},
                                                       {"next", "NULL"},     {"6.x", "NULL"}};
  for (const auto& [version, kernel_series] : expected) {
    Record record = small_record("a");
    record.kernel_version = version;
    EXPECT_EQ(column(record, "kernel_series"), kernel_series) << version;
  }
}

TEST(Extraction, KnowsNoMonitorMetricWithoutAMonitor) {
  Record record = small_record("a");
  for (const char* name : {"monitor_samples", "max_imbalance_ratio", "max_dsq_depth", "stuck_count",
                           "total_fallback", "total_keep_last"}) {
    EXPECT_EQ(column(record, name), "NULL") << name;
  }
  record.monitor.emplace();
  EXPECT_EQ(column(record, "stuck_count"), "0");
  EXPECT_EQ(column(record, "max_imbalance_ratio"), "0.000000");
  EXPECT_EQ(column(record, "total_fallback"), "NULL");
  record.monitor->event_deltas.emplace().total_fallback = 5;
  EXPECT_EQ(column(record, "total_fallback"), "5");
}

TEST(Extraction, KeepsLargeIntegersAsReals) {
  EXPECT_EQ(integer_value(9223372036854775807ULL), Value(std::int64_t{9223372036854775807LL}));
  EXPECT_EQ(integer_value(9223372036854775808ULL), Value(9223372036854775808.0));
  Record record = small_record("a");
  record.cleanup_duration_ms = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(column(record, "cleanup_duration_ms"), "18446744073709551616.000000");
}

TEST(Extraction, KnowsNoTimeWithoutATimestamp) {
  Record record = small_record("a");
  EXPECT_EQ(column(record, "time_ns"), "1783166400000000000");
  record.timestamp = "";
  EXPECT_EQ(column(record, "time_ns"), "NULL");
  EXPECT_EQ(column(record, "timestamp"), "''");
}

TEST(Extraction, CallsADenominationThatIsNotThereWall) {
  Record record = small_record("a");
  EXPECT_EQ(column(record, "throughput_denomination"), "'wall'");
  record.throughput_denomination = ThroughputDenomination::cpu_sec;
  EXPECT_EQ(column(record, "throughput_denomination"), "'cpu_sec'");
}

TEST(Extraction, KeepsWhatADriftedRecordHasAndNothingElse) {
  const std::string json =
      R"({"test_name":"old","scheduler":"scx_x","passed":false,"skipped":true,)"
      R"("inconclusive":false,"vcpus":4,"stats":{"worst_gap_ms":7,"ext_metrics":{"goodput":3.5}}})";
  EXPECT_EQ(column_of_text(json, "test_name"), "'old'");
  EXPECT_EQ(column_of_text(json, "scheduler"), "'scx_x'");
  EXPECT_EQ(column_of_text(json, "verdict"), "'skip'");
  EXPECT_EQ(column_of_text(json, "vcpus"), "4");
  EXPECT_EQ(column_of_text(json, "worst_gap_ms"), "7");
  for (const char* name : {"topology", "work_type", "cpu_budget", "expected_failure", "run_id",
                           "worst_spread", "total_iterations", "periodic_fired", "variant_hash"}) {
    EXPECT_EQ(column_of_text(json, name), "NULL") << name;
  }
  const ExtractedRecord record = extract(decode_record(json, SampleHandling::reduce).value());
  EXPECT_EQ(series(record), (std::map<std::string, double>{{"worst_gap_ms", 7}, {"goodput", 3.5}}));
}

TEST(Extraction, KnowsNoVerdictIfOneBitIsMissing) {
  EXPECT_EQ(column_of_text(R"({"passed":true,"skipped":false})", "verdict"), "NULL");
  EXPECT_EQ(column_of_text(R"({"passed":true,"skipped":false})", "passed"), "1");
}

TEST(Extraction, HashesNoVariantIfThePayloadCouldNotBeRead) {
  const std::string parts =
      R"("topology":"1n1l1c1t","scheduler":"eevdf","work_type":"SpinWait","sysctls":[],"kargs":[])";
  EXPECT_EQ(column_of_text("{" + parts + R"(,"payload":null})", "variant_hash"),
            "'16b754f538ba41fd'");
  EXPECT_EQ(column_of_text("{" + parts + R"(,"payload":7})", "variant_hash"), "NULL");
}

TEST(Extraction, LeavesOutValuesThatAreMarkedAsNotMeasured) {
  Record record = small_record("a");
  record.stats.cgroups.push_back(measured_cgroup());
  const auto unmeasured = series(extract(decoded(record)), {}, "cg");
  EXPECT_EQ(unmeasured.count("p99_wake_latency_us"), 0U);
  EXPECT_EQ(unmeasured.count("worst_timer_latency_us"), 0U);
  EXPECT_EQ(unmeasured.count("mean_run_delay_us"), 0U);
  EXPECT_EQ(unmeasured.count("spread"), 0U);
  EXPECT_EQ(unmeasured.count("max_gap_ms"), 1U);

  CgroupStats& cgroup = record.stats.cgroups[0];
  cgroup.wake_measured = cgroup.timer_measured = cgroup.run_delay_measured = true;
  cgroup.spread = 0.0;
  const auto measured = series(extract(decoded(record)), {}, "cg");
  EXPECT_EQ(measured.at("p99_wake_latency_us"), 9.0);
  EXPECT_EQ(measured.at("median_wake_latency_us"), 0.0);
  EXPECT_EQ(measured.at("worst_timer_latency_us"), 8.0);
  EXPECT_EQ(measured.at("mean_run_delay_us"), 7.0);
  EXPECT_EQ(measured.at("spread"), 0.0);
}

TEST(Extraction, KeepsWhatAnOlderProducerMeasuredBeforeThereWereFlags) {
  const std::string json = R"({"stats":{"cgroups":[{"cgroup_name":"cg","p99_wake_latency_us":9.0,)"
                           R"("median_wake_latency_us":0.0}]}})";
  const auto values =
      series(extract(decode_record(json, SampleHandling::reduce).value()), {}, "cg");
  EXPECT_EQ(values, (std::map<std::string, double>{{"p99_wake_latency_us", 9.0}}));
}

TEST(Extraction, LeavesOutPageLocalityWherePagesWereNotCounted) {
  Record record = small_record("a");
  record.stats.cgroups.push_back(measured_cgroup());
  EXPECT_EQ(series(extract(decoded(record)), {}, "cg").count("page_locality"), 0U);
  PhaseBucket phase;
  phase.per_cgroup["cg"].numa_pages_total = 1;
  record.stats.phases.push_back(phase);
  EXPECT_EQ(series(extract(decoded(record)), {}, "cg").at("page_locality"), 0.0);
  record.stats.phases.clear();
  record.stats.cgroups[0].page_locality = 0.5;
  EXPECT_EQ(series(extract(decoded(record)), {}, "cg").at("page_locality"), 0.5);
  EXPECT_EQ(series(extract(decoded(record)), {}, "cg").at("cross_node_migration_ratio"), 0.0);
}

TEST(Extraction, KnowsNoWindowOfAPhaseWithoutAnAnchor) {
  constexpr std::uint64_t k_none = std::numeric_limits<std::uint64_t>::max();
  const std::vector<std::tuple<std::uint64_t, std::uint64_t, bool>> windows = {
      {k_none, 0, false}, {0, 0, false}, {k_none, 9, false}, {0, 9, true}, {5, 9, true}};
  for (const auto& [start, end, is_known] : windows) {
    Record record = small_record("a");
    PhaseBucket phase;
    phase.step_index = 3;
    phase.start_ms = start;
    phase.end_ms = end;
    record.stats.phases.push_back(phase);
    const auto values = series(extract(decoded(record)), 3);
    EXPECT_EQ(values.count("start_ms"), is_known ? 1U : 0U) << start << " to " << end;
    EXPECT_EQ(values.count("end_ms"), is_known ? 1U : 0U) << start << " to " << end;
    EXPECT_EQ(values.count("sample_count"), 1U);
  }
}

TEST(Extraction, PutsAPhaseWithoutANumberNowhere) {
  const std::string json =
      R"({"stats":{"phases":[{"label":"Step[0]","sample_count":3,"metrics":{"m":1.0}}]}})";
  EXPECT_TRUE(extract(decode_record(json, SampleHandling::reduce).value()).series.empty());
}

TEST(Extraction, ReducesRawSamples) {
  Record record = small_record("a");
  PhaseBucket phase;
  phase.step_index = 1;
  phase.per_cgroup["cg"].wake_latencies_ns.values = {40, 10, 30, 20};
  record.stats.phases.push_back(phase);
  const auto values = series(extract(decoded(record)), 1, "cg");
  EXPECT_EQ(values.at("wake_latencies_ns_n"), 4);
  EXPECT_EQ(values.at("wake_latencies_ns_p50"), 20);
  EXPECT_EQ(values.at("wake_latencies_ns_p999"), 40);
  EXPECT_EQ(values.at("wake_latencies_ns_max"), 40);
  EXPECT_EQ(values.count("timer_latencies_ns_n"), 0U);
}

TEST(Extraction, LetsTypedMetricsHideExtensionMetricsAndThoseHideTheRest) {
  Record record = small_record("a");
  record.stats.total_iterations = 5;
  MonitorSummary& monitor = record.monitor.emplace();
  monitor.total_samples = 1;
  monitor.avg_nr_running = 2.0;
  monitor.event_deltas.emplace().fallback_rate = 3.0;
  monitor.schedstat_deltas.emplace().total_pcount = 4;
  monitor.schedstat_deltas->total_schedstat_wall_sec = 1.0;
  for (const char* name : {"total_iterations", "avg_nr_running", "fallback_rate", "total_pcount"}) {
    record.stats.ext_metrics[name] = 77.0;
  }
  const auto values = series(extract(decoded(record)));
  EXPECT_EQ(values.at("total_iterations"), 5);
  EXPECT_EQ(values.at("total_pcount"), 4);
  EXPECT_EQ(values.at("avg_nr_running"), 77);
  EXPECT_EQ(values.at("fallback_rate"), 77);
}

TEST(Extraction, TakesNoGaugesFromAMonitorWithoutSamples) {
  Record record = small_record("a");
  record.monitor.emplace().avg_nr_running = 2.0;
  EXPECT_EQ(series(extract(decoded(record))).count("avg_nr_running"), 0U);
}

TEST(Extraction, DropsTheMarkOfACutPayload) {
  Record record = small_record("a");
  record.stats.ext_metrics["__walk_json_leaves_truncated"] = 1.0;
  EXPECT_EQ(series(extract(decoded(record))).count("__walk_json_leaves_truncated"), 0U);
}

TEST(Extraction, SumsKvmStatisticsOverTheVcpus) {
  Record record = small_record("a");
  record.kvm_stats.emplace().per_vcpu = {{{"exits", 3}, {"halts", 1}}, {{"exits", 4}}};
  const ExtractedRecord extracted = extract(decoded(record));
  ASSERT_EQ(extracted.kvm.size(), 1U);
  EXPECT_EQ(extracted.kvm[0].shape->metrics, (std::vector<std::string>{"exits", "halts"}));
  EXPECT_EQ(extracted.kvm_sums, (std::vector<std::uint64_t>{7, 1}));
  EXPECT_EQ(column(extracted, "kvm_vcpus"), "2");
}

TEST(Extraction, DoesNotNameAProgramThatADriftedRecordDoesNotName) {
  const std::string json =
      R"({"verifier_stats":[{"verified_insns":3}],"metrics":[{"metrics":[{}]}]})";
  const ExtractedRecord record = extract(decode_record(json, SampleHandling::reduce).value());
  ASSERT_EQ(record.verifier.size(), 1U);
  EXPECT_EQ(shown(record.verifier[0].program), "NULL");
  EXPECT_EQ(shown(record.verifier[0].verified_insns), "3");
  ASSERT_EQ(record.payload_metrics.size(), 1U);
  for (const Value& value : record.payload_metrics[0].values) EXPECT_EQ(shown(value), "NULL");
}

TEST(Extraction, KeepsATargetOfThePolarityThatHasOne) {
  Record record = small_record("a");
  PayloadMetrics& payload = record.metrics.emplace_back();
  payload.exit_code = -1;
  payload.metrics.resize(2);
  payload.metrics[0].polarity = {Polarity::Kind::target_value, 20.0};
  payload.metrics[1].polarity = {Polarity::Kind::lower_better, 0.0};
  const auto rows = extract(decoded(record)).payload_metrics;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(shown(rows[0].values[3]), "'TargetValue'");
  EXPECT_EQ(shown(rows[0].values[4]), "20.000000");
  EXPECT_EQ(shown(rows[1].values[3]), "'LowerBetter'");
  EXPECT_EQ(shown(rows[1].values[4]), "NULL");
  EXPECT_EQ(shown(rows[1].values[7]), "-1");
}

TEST(HostKey, HoldsWhatARebootKeeps) {
  HostContext host;
  host.arch = "x86_64";
  host.online_cpus = 12;
  const auto key = host_key(host);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->size(), 16U);
  host.kernel_release = "6.14";
  host.total_memory_kib = 1;
  host.kernel_cmdline = "ro";
  EXPECT_EQ(host_key(host), key);
  host.online_cpus = 11;
  EXPECT_NE(host_key(host), key);
}

TEST(HostKey, IsUnknownWhereNoFactIsKnown) {
  HostContext host;
  host.kernel_release = "6.14";
  EXPECT_EQ(host_key(host), std::nullopt);
}

TEST(HostRows, AreTheSameForTheSameHostWhateverItsHeap) {
  Record record = small_record("a");
  record.host.emplace().arch = "x86_64";
  const std::string digest = extract(decoded(record)).host->digest;
  record.host->heap_state.emplace().active_bytes = 7;
  EXPECT_EQ(extract(decoded(record)).host->digest, digest);
  EXPECT_EQ(column(record, "heap_state"), R"('{"active_bytes":7}')");
  record.host->total_memory_kib = std::numeric_limits<std::uint64_t>::max();
  EXPECT_NE(extract(decoded(record)).host->digest, digest);
}

}  // namespace
}  // namespace ktstr::test
