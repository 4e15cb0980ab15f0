// SPDX-License-Identifier: MIT
#include "analysis/gauntlet.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/gauntlet_rows.hpp"

namespace ktstr::test {
namespace {

using Rows = std::vector<GauntletRow>;
using Names = std::vector<std::string>;

GauntletRow failed(GauntletRow row) {
  row.passed = false;
  return row;
}

GauntletRow skipped(GauntletRow row) {
  row.skipped = true;
  return row;
}

/// Five scenarios that passed with a spread of 0: a sixth value is just beyond two deviations.
Rows five_calm() { return {row("a", 0), row("b", 0), row("c", 0), row("d", 0), row("e", 0)}; }

Rows five_calm_and(const Rows& more) {
  Rows rows = five_calm();
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

Names names(const std::vector<GauntletLine>& lines) {
  Names result;
  for (const GauntletLine& line : lines) result.push_back(line.name);
  return result;
}

/// "scenario metric" of each.
Names names(const std::vector<GauntletOutlier>& outliers) {
  Names result;
  for (const GauntletOutlier& outlier : outliers) {
    result.push_back(outlier.scenario + " " + std::string(gauntlet_metric_name(outlier.metric)));
  }
  return result;
}

Names outliers(const Rows& rows) { return names(analyze_gauntlet(rows).outliers); }

TEST(GauntletOutliers, AreScenariosBeyondTwoSampleDeviations) {
  const auto found = analyze_gauntlet(five_calm_and({row("f", 60)})).outliers;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].scenario, "f");
  EXPECT_DOUBLE_EQ(found[0].mean, 60);
  EXPECT_DOUBLE_EQ(found[0].overall_mean, 10);
  // The deviation over n - 1 is 60 / sqrt(6); over n the distance would be 2.24.
  EXPECT_NEAR(found[0].sigma, 50 / (60 / std::sqrt(6.0)), 1e-9);
}

TEST(GauntletOutliers, AreNotThereWithinTwoDeviations) {
  EXPECT_EQ(outliers({row("a", 0), row("b", 0), row("c", 0), row("d", 0), row("e", 60)}), Names{});
}

TEST(GauntletOutliers, AreNotFarBelow) {
  EXPECT_EQ(
      outliers({row("a", 60), row("b", 60), row("c", 60), row("d", 60), row("e", 60), row("f", 0)}),
      Names{});
}

TEST(GauntletOutliers, ComeFromPassingRowsOnly) {
  EXPECT_EQ(outliers(five_calm_and({failed(row("f", 60))})), Names{});
  EXPECT_EQ(outliers(five_calm_and({skipped(row("f", 60))})), Names{});
  GauntletRow inconclusive = row("f", 60);
  inconclusive.inconclusive = true;
  EXPECT_EQ(outliers(five_calm_and({inconclusive})), Names{});
  // A failure doesn't calm its scenario down, either.
  EXPECT_EQ(outliers(five_calm_and({row("f", 60), failed(row("f", 0))})), (Names{"f spread"}));
}

TEST(GauntletOutliers, CompareTheMeanOfAScenario) {
  EXPECT_EQ(outliers(five_calm_and({row("f", 60), row("f", 0)})), Names{});
}

TEST(GauntletOutliers, AreNotLookedForInAMetricThatHardlyVaries) {
  EXPECT_EQ(outliers(five_calm_and({row("f", 1e-17)})), Names{});
  EXPECT_EQ(outliers(five_calm_and({row("f", 1e-12)})), (Names{"f spread"}));
}

TEST(GauntletOutliers, NameTheTopologiesAboveTheThresholdFailuresIncluded) {
  const auto found =
      analyze_gauntlet(five_calm_and({failed(row("f", 90, "t9")), row("f", 60, "t1"),
                                      failed(row("f", 58, "t2")), failed(row("g", 90, "t3"))}))
          .outliers;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].topologies, (Names{"t9", "t1"}));
}

TEST(GauntletOutliers, NameATopologyOnce) {
  const auto found = analyze_gauntlet(five_calm_and({row("f", 60, "t2"), failed(row("f", 90, "t1")),
                                                     failed(row("f", 80, "t2"))}))
                         .outliers;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].topologies, (Names{"t2", "t1"}));
}

TEST(GauntletOutliers, BeginWithTheFarthest) {
  Rows rows = five_calm_and({row("f", 60), row("g", 0), row("h", 0), row("i", 0)});
  // Two scenarios that share the deviation of one metric are less far off than one alone.
  rows[0] = with(rows[0], GauntletMetric::keep_last, 5);
  EXPECT_EQ(outliers(rows), (Names{"f spread", "a keep_last"}));
  rows[1] = with(rows[1], GauntletMetric::spread, 20);
  EXPECT_EQ(outliers(rows), (Names{"a keep_last", "f spread"}));
}

TEST(GauntletOutliers, OfOneDistanceAreInTheOrderOfMetricsThenOfNames) {
  Rows rows;
  for (int i = 0; i < 20; ++i) rows.push_back(row("calm" + std::to_string(i), 0));
  rows.push_back(with(row("z", 60), GauntletMetric::gap_ms, 60));
  rows.push_back(with(row("B", 60), GauntletMetric::gap_ms, 60));
  EXPECT_EQ(outliers(rows), (Names{"B spread", "z spread", "B gap_ms", "z gap_ms"}));
}

TEST(GauntletOutliers, SurviveNumbersBeyondTheRangeOfDoubles) {
  const double huge = std::numeric_limits<double>::max();
  EXPECT_EQ(outliers({row("a", huge), row("b", -huge), row("c", huge), row("d", huge)}), Names{});
}

TEST(GauntletLines, CountEachVerdictByItsBit) {
  GauntletRow inconclusive = failed(row("a", 0));
  inconclusive.inconclusive = true;
  const GauntletLine line = analyze_gauntlet({row("a", 0), skipped(failed(row("a", 0))),
                                              inconclusive, failed(row("a", 0)), row("a", 0)})
                                .by_scenario.at(0);
  EXPECT_EQ(line.total, 5U);
  EXPECT_EQ(line.pass, 2U);
  EXPECT_EQ(line.skip, 1U);
  EXPECT_EQ(line.inconclusive, 1U);
  EXPECT_EQ(line.fail, 1U);
}

TEST(GauntletLines, NeverCountLessThanNoFailures) {
  GauntletRow both = row("a", 0);
  both.skipped = true;
  both.inconclusive = true;
  const GauntletLine line = analyze_gauntlet({both}).by_scenario.at(0);
  EXPECT_EQ(line.pass, 0U);
  EXPECT_EQ(line.skip, 1U);
  EXPECT_EQ(line.inconclusive, 1U);
  EXPECT_EQ(line.fail, 0U);
}

TEST(GauntletLines, AverageOverAllRowsFailuresIncluded) {
  GauntletRow first = with(row("a", 10), GauntletMetric::gap_ms, 20);
  first = with(first, GauntletMetric::imbalance, 2);
  first = with(first, GauntletMetric::dsq_depth, 8);
  first = with(first, GauntletMetric::stuck, 3);
  first = with(first, GauntletMetric::fallback, 6);
  const GauntletRow second = with(failed(row("a", 30)), GauntletMetric::stuck, 4);
  const GauntletLine line = analyze_gauntlet({first, second}).by_scenario.at(0);
  EXPECT_DOUBLE_EQ(line.avg_spread, 20);
  EXPECT_DOUBLE_EQ(line.avg_gap_ms, 10);
  EXPECT_DOUBLE_EQ(line.avg_imbalance, 1);
  EXPECT_DOUBLE_EQ(line.avg_dsq_depth, 4);
  EXPECT_DOUBLE_EQ(line.total_stuck, 7);
  EXPECT_DOUBLE_EQ(line.avg_fallback, 3);
}

TEST(GauntletLines, BeginWithTheWorstSpreadAndKeepTheOrderOfNames) {
  const GauntletAnalysis analysis =
      analyze_gauntlet({row("b", 1, "t2"), row("a", 1, "t10"), row("Z", 1, "t1"), row("c", 2)});
  EXPECT_EQ(names(analysis.by_scenario), (Names{"c", "Z", "a", "b"}));
  EXPECT_EQ(names(analysis.by_topology), (Names{"t1", "t10", "t2"}));
  EXPECT_EQ(names(analysis.by_work_type), (Names{"SpinWait"}));
}

TEST(GauntletAnalysis, OfNothingIsEmpty) {
  const GauntletAnalysis analysis = analyze_gauntlet({});
  EXPECT_TRUE(analysis.outliers.empty());
  EXPECT_TRUE(analysis.by_scenario.empty());
}

TEST(VerdictCounts, AddUpToTheRows) {
  GauntletRow both = failed(row("a", 0));
  both.skipped = true;
  both.inconclusive = true;
  const VerdictCounts counts =
      count_verdicts({row("a", 0), failed(row("a", 0)), skipped(row("a", 0)), both});
  EXPECT_EQ(counts.pass, 1);
  EXPECT_EQ(counts.fail, 1);
  EXPECT_EQ(counts.skip, 2);
  EXPECT_EQ(counts.inconclusive, 0);
}

KvmTotals vm(std::uint64_t vcpus, std::uint64_t exits) {
  KvmTotals totals;
  totals.vcpus = vcpus;
  totals.exits = exits;
  return totals;
}

TEST(KvmAverages, DropTheRemainderPerVmAndAgainOverVms) {
  // 3 + 4 over 2; then 3 + 3 + 4 over 3, which is 3.8 of unrounded parts.
  EXPECT_EQ(kvm_averages({vm(10, 39), vm(1, 4)})->exits, 3U);
  EXPECT_EQ(kvm_averages({vm(2, 7), vm(2, 7), vm(2, 9)})->exits, 3U);
}

TEST(KvmAverages, CountAVmWithoutVirtualCpus) {
  const auto averages = kvm_averages({vm(1, 10), vm(0, 0)});
  EXPECT_EQ(averages->vms, 2U);
  EXPECT_EQ(averages->exits, 5U);
}

TEST(KvmAverages, AreNoneWithoutVmsOrExits) {
  EXPECT_FALSE(kvm_averages({}));
  EXPECT_FALSE(kvm_averages({vm(4, 3)}));
  EXPECT_TRUE(kvm_averages({vm(4, 4)}));
}

TEST(KvmAverages, TakeThePollsOfAllVmsTogether) {
  KvmTotals first = vm(1, 1);
  first.halt_attempted_poll = 10;
  first.halt_successful_poll = 10;
  KvmTotals second = vm(1, 1);
  second.halt_attempted_poll = 30;
  EXPECT_DOUBLE_EQ(kvm_averages({first, second})->poll_ok_pct, 25);
  EXPECT_DOUBLE_EQ(kvm_averages({vm(1, 1)})->poll_ok_pct, 0);
}

TEST(KvmAverages, SumPreemptionsThatTheyAverageToo) {
  KvmTotals first = vm(2, 2);
  first.preemption_reported = 5;
  const auto averages = kvm_averages({first, vm(2, 2)});
  EXPECT_EQ(averages->preempted, 1U);
  EXPECT_EQ(averages->preemptions, 5U);
}

TEST(KvmAverages, HaveTheHaltWaitInMilliseconds) {
  KvmTotals totals = vm(2, 2);
  totals.halt_wait_ns = 5'600'001;
  EXPECT_DOUBLE_EQ(kvm_averages({totals})->halt_wait_ms, 2.8);
}

}  // namespace
}  // namespace ktstr::test
