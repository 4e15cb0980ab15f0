// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "analysis/run_report.hpp"

namespace ktstr::test {
namespace {

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

}  // namespace
}  // namespace ktstr::test
