// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <limits>

#include "ktstr/index.hpp"
#include "support/small_records.hpp"

namespace ktstr::test {
namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();

GauntletRow row_of(const Record& record) { return run_report({record}).rows.at(0); }

Record record_with_monitor(std::uint64_t samples) {
  Record record = small_record("a");
  record.monitor.emplace();
  record.monitor->total_samples = samples;
  return record;
}

TEST(RunReport, NamesItsMetricsAsTheHarnessDoes) {
  EXPECT_EQ(gauntlet_metric_name(GauntletMetric::spread), "spread");
  EXPECT_EQ(gauntlet_metric_name(GauntletMetric::dsq_depth), "dsq_depth");
  EXPECT_EQ(gauntlet_metric_name(GauntletMetric::worst_run_delay_us), "worst_run_delay_us");
}

TEST(RunReport, TakesEachMetricFromItsPlaceInTheRecord) {
  Record record = record_with_monitor(1);
  record.stats.worst_spread = 1;
  record.stats.worst_gap_ms = 2;
  record.stats.total_migrations = 3;
  record.stats.worst_migration_ratio = 4;
  record.monitor->max_imbalance_ratio = 5;
  record.monitor->max_local_dsq_depth = 6;
  record.monitor->stuck_count = 7;
  record.monitor->event_deltas.emplace();
  record.monitor->event_deltas->total_fallback = -8;
  record.monitor->event_deltas->total_dispatch_keep_last = 9;
  record.stats.ext_metrics = {{"worst_p99_wake_latency_us", 10},
                              {"worst_wake_latency_cv", 11},
                              {"worst_mean_run_delay_us", 12},
                              {"worst_run_delay_us", 13}};
  const std::array<double, k_gauntlet_metrics> expected = {1,  2, 3,  4,  5,  6, 7,
                                                           -8, 9, 10, 11, 12, 13};
  EXPECT_EQ(row_of(record).metrics, expected);
}

TEST(RunReport, HasZerosForWhatWasNotMeasured) {
  EXPECT_EQ(row_of(small_record("a")).metrics, (std::array<double, k_gauntlet_metrics>{}));
}

TEST(RunReport, HasZerosForNumbersThatAreNotFinite) {
  Record record = record_with_monitor(1);
  record.stats.worst_spread = std::numeric_limits<double>::quiet_NaN();
  record.monitor->max_imbalance_ratio = k_infinity;
  record.stats.ext_metrics["worst_run_delay_us"] = -k_infinity;
  EXPECT_EQ(row_of(record).metrics, (std::array<double, k_gauntlet_metrics>{}));
}

TEST(RunReport, TakesAMapFieldWhereTheScenarioHasNoMetricOfThatName) {
  Record record = record_with_monitor(1);
  BpfMapFieldValue field;
  field.key = "worst_run_delay_us";
  field.value = 7;
  record.monitor->bpf_map_fields = {field};
  EXPECT_EQ(row_of(record).metric(GauntletMetric::worst_run_delay_us), 7);
  record.stats.ext_metrics["worst_run_delay_us"] = 3;
  EXPECT_EQ(row_of(record).metric(GauntletMetric::worst_run_delay_us), 3);
}

TEST(RunReport, TakesNoMapFieldOfAMonitorWithoutSamples) {
  Record record = record_with_monitor(0);
  BpfMapFieldValue field;
  field.key = "worst_run_delay_us";
  field.value = 7;
  record.monitor->bpf_map_fields = {field};
  EXPECT_EQ(row_of(record).metric(GauntletMetric::worst_run_delay_us), 0);
}

TEST(RunReport, ListsOnlyResultsThatHaveCallbacks) {
  Record without = record_with_monitor(1);
  without.monitor->prog_stats_deltas.emplace();
  Record with = record_with_monitor(1);
  with.test_name = "b";
  with.monitor->prog_stats_deltas.emplace();
  with.monitor->prog_stats_deltas->push_back({{}, "enqueue", 4, 20, 5});
  const RunReport report = run_report({without, with});
  ASSERT_EQ(report.callbacks.size(), 1U);
  EXPECT_EQ(report.callbacks[0].test_name, "b");
  EXPECT_EQ(report.callbacks[0].programs.at(0).nsecs, 20U);
}

TEST(RunReport, SumsAVmsCountersOverItsVirtualCpus) {
  Record record = small_record("a");
  record.kvm_stats.emplace();
  record.kvm_stats->per_vcpu = {{{"exits", 3}, {"hypercalls", 1}}, {{"exits", 4}}};
  const RunReport report = run_report({record, small_record("b")});
  ASSERT_EQ(report.kvm.size(), 1U);
  EXPECT_EQ(report.kvm[0].vcpus, 2U);
  EXPECT_EQ(report.kvm[0].exits, 7U);
  EXPECT_EQ(report.kvm[0].hypercalls, 1U);
}

TEST(RunReport, CountsAVmWithAnEmptyList) {
  Record record = small_record("a");
  record.kvm_stats.emplace();
  const RunReport report = run_report({record});
  ASSERT_EQ(report.kvm.size(), 1U);
  EXPECT_EQ(report.kvm[0].vcpus, 0U);
}

TEST(RunReport, KnowsTheFirstTimestampThatIsNotEmpty) {
  Record none = small_record("a");
  none.timestamp = "";
  Record late = small_record("b");
  late.timestamp = "2026-07-05T00:00:00Z";
  EXPECT_EQ(run_report({none}).first_timestamp, "");
  EXPECT_EQ(run_report({late, none, small_record("c")}).first_timestamp, "2026-07-04T12:00:00Z");
}

}  // namespace
}  // namespace ktstr::test
