// SPDX-License-Identifier: MIT
#include "analysis/run_report.hpp"

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

TEST(ProgramLimits, HaveTheLargestNumberOfEachProgramInByteOrder) {
  const auto limits = program_limits({{"b", 5}, {"a", 1}, {"b", 9}, {"B", 2}, {"b", 3}});
  ASSERT_EQ(limits.size(), 3U);
  EXPECT_EQ(limits[0].program, "B");
  EXPECT_EQ(limits[1].program, "a");
  EXPECT_EQ(limits[2].program, "b");
  EXPECT_EQ(limits[2].verified_insns, 9U);
}

TEST(ProgramLimits, AreNearFromThreeQuartersOn) {
  const auto limits = program_limits({{"a", 749'999}, {"b", 750'000}, {"c", 2'000'000}});
  EXPECT_FALSE(limits[0].is_near);
  EXPECT_TRUE(limits[1].is_near);
  EXPECT_DOUBLE_EQ(limits[1].limit_pct, 75);
  EXPECT_DOUBLE_EQ(limits[2].limit_pct, 200);
}

TEST(ProgramLimits, IncludeProgramsThatNeededNothing) {
  EXPECT_EQ(program_limits({{"a", 0}}).size(), 1U);
  EXPECT_TRUE(program_limits({}).empty());
}

// In the order of VerdictCounts: pass, fail, skip, inconclusive.

TEST(ReplayOutcome, IsFixedOnlyIfEveryVariantPassed) {
  EXPECT_EQ(replay_outcome({3, 0, 0, 0}), ReplayOutcome::fixed);
  EXPECT_NE(replay_outcome({3, 1, 0, 0}), ReplayOutcome::fixed);
  EXPECT_NE(replay_outcome({3, 0, 1, 0}), ReplayOutcome::fixed);
  EXPECT_NE(replay_outcome({3, 0, 0, 1}), ReplayOutcome::fixed);
}

TEST(ReplayOutcome, IsPersistentIfEveryVariantFailedOrWasSkipped) {
  EXPECT_EQ(replay_outcome({0, 2, 0, 0}), ReplayOutcome::persistent);
  EXPECT_EQ(replay_outcome({0, 1, 1, 0}), ReplayOutcome::persistent);
  EXPECT_EQ(replay_outcome({0, 0, 2, 0}), ReplayOutcome::persistent);
}

TEST(ReplayOutcome, IsInconclusiveIfNoVariantCouldBeJudged) {
  EXPECT_EQ(replay_outcome({0, 0, 0, 2}), ReplayOutcome::inconclusive);
}

TEST(ReplayOutcome, IsMixedIfVariantsDisagree) {
  EXPECT_EQ(replay_outcome({1, 1, 0, 0}), ReplayOutcome::mixed);
  EXPECT_EQ(replay_outcome({1, 0, 1, 0}), ReplayOutcome::mixed);
  EXPECT_EQ(replay_outcome({1, 0, 0, 1}), ReplayOutcome::mixed);
  EXPECT_EQ(replay_outcome({0, 1, 0, 1}), ReplayOutcome::mixed);
  EXPECT_EQ(replay_outcome({0, 0, 1, 1}), ReplayOutcome::mixed);
}

TEST(ReplayOutcome, IsDroppedWithoutAnyResult) {
  EXPECT_EQ(replay_outcome({}), ReplayOutcome::dropped);
}

TEST(ReplayOutcomes, FollowTheQueueAndLeaveOtherTestsOut) {
  const auto tests = replay_outcomes({"b", "a"}, {{"a", {1, 0, 0, 0}}, {"other", {0, 1, 0, 0}}});
  ASSERT_EQ(tests.size(), 2U);
  EXPECT_EQ(tests[0].name, "b");
  EXPECT_EQ(tests[0].outcome, ReplayOutcome::dropped);
  EXPECT_EQ(tests[1].name, "a");
  EXPECT_EQ(tests[1].outcome, ReplayOutcome::fixed);
  EXPECT_EQ(tests[1].counts.pass, 1);
}

}  // namespace
}  // namespace ktstr::test
