// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "analysis/run_report.hpp"

namespace ktstr::test {
namespace {

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
