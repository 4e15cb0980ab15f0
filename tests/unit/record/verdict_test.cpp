// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "ktstr/record.hpp"

namespace ktstr {
namespace {

Record with_bits(bool passed, bool skipped, bool inconclusive) {
  Record record;
  record.passed = passed;
  record.skipped = skipped;
  record.inconclusive = inconclusive;
  return record;
}

TEST(Verdict, IsOneOfFourStates) {
  EXPECT_TRUE(with_bits(true, false, false).is_pass());
  EXPECT_TRUE(with_bits(false, true, false).is_skip());
  EXPECT_TRUE(with_bits(false, false, true).is_inconclusive());
  EXPECT_TRUE(with_bits(false, false, false).is_fail()) << "all false has no bit of its own";
}

TEST(Verdict, NeverPassesOrFailsWithAnIllegalMixOfBits) {
  for (const bool passed : {false, true}) {
    EXPECT_FALSE(with_bits(passed, true, true).is_pass());
    EXPECT_FALSE(with_bits(passed, true, true).is_fail());
    EXPECT_TRUE(with_bits(passed, true, true).is_skip());
    EXPECT_TRUE(with_bits(passed, true, true).is_inconclusive());
    EXPECT_FALSE(with_bits(passed, true, false).is_pass());
    EXPECT_FALSE(with_bits(passed, false, true).is_fail());
  }
}

TEST(Verdict, CountsEveryMixOnce) {
  EXPECT_EQ(verdict_of(true, false, false), Verdict::pass);
  EXPECT_EQ(verdict_of(false, false, false), Verdict::fail);
  for (const bool passed : {false, true}) {
    EXPECT_EQ(verdict_of(passed, true, false), Verdict::skip);
    EXPECT_EQ(verdict_of(passed, true, true), Verdict::skip) << "skipped comes first";
    EXPECT_EQ(verdict_of(passed, false, true), Verdict::inconclusive);
  }
}

TEST(Verdict, HasAName) {
  EXPECT_STREQ(verdict_name(Verdict::pass), "pass");
  EXPECT_STREQ(verdict_name(Verdict::fail), "fail");
  EXPECT_STREQ(verdict_name(Verdict::skip), "skip");
  EXPECT_STREQ(verdict_name(Verdict::inconclusive), "inconclusive");
}

}  // namespace
}  // namespace ktstr
