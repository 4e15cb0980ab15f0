// SPDX-License-Identifier: MIT
#include "ktstr/record.hpp"

#include <gtest/gtest.h>

#include "record/record.hpp"

namespace ktstr {
namespace {

Record with_command_line(const std::string& line) {
  Record record;
  record.host.emplace().kernel_cmdline = line;
  return record;
}

const std::string k_mark(k_synthetic_mark);

TEST(SyntheticMark, IsSeenWhereverItStandsOnTheCommandLine) {
  EXPECT_TRUE(is_synthetic(with_command_line(k_mark)));
  EXPECT_TRUE(is_synthetic(with_command_line(k_mark + " ro quiet")));
  EXPECT_TRUE(is_synthetic(with_command_line("ro " + k_mark + " quiet")));
  EXPECT_TRUE(is_synthetic(with_command_line("ro " + k_mark)));
}

TEST(SyntheticMark, IsNotSeenInsideOfALongerWord) {
  EXPECT_FALSE(is_synthetic(with_command_line("x" + k_mark)));
  EXPECT_FALSE(is_synthetic(with_command_line(k_mark + "0")));
  EXPECT_TRUE(is_synthetic(with_command_line("x" + k_mark + " " + k_mark)));
}

TEST(SyntheticMark, IsMissingFromARecordWithoutHostOrCommandLine) {
  Record record;
  EXPECT_FALSE(is_synthetic(record));
  record.host.emplace();
  EXPECT_FALSE(is_synthetic(record));
}

std::string hash_text(const VariantParts& parts) { return variant_hash_text(variant_hash(parts)); }

// The first three are the harness's own numbers.
TEST(VariantHash, IsTheHarnesssNumber) {
  EXPECT_EQ(hash_text({"1n1l1c1t", "eevdf", std::nullopt, "", {}, {}}), "36ceceea5c2beda7");
  EXPECT_EQ(hash_text({"1n2l4c1t",
                       "scx-ktstr",
                       std::nullopt,
                       "SpinWait",
                       {"sysctl.kernel.sched_cfs_bandwidth_slice_us=1000"},
                       {"nosmt"}}),
            "5a5b5775a01a425f");
  EXPECT_EQ(hash_text({"1n1l2c1t", "my_sched", std::nullopt, "SpinWait", {}, {}}),
            "2ecd2624f3df7276");
  EXPECT_EQ(hash_text({"1n1l1c1t", "eevdf", std::nullopt, "SpinWait", {}, {}}), "16b754f538ba41fd");
  EXPECT_EQ(
      hash_text({"1n1l2c1t", "eevdf", "fio", "SpinWait", {"sysctl.b=2", "sysctl.a=1"}, {"b", "a"}}),
      "e7b12431b451230f");
}

TEST(VariantHash, DoesNotDependOnTheOrderOfTheLists) {
  EXPECT_EQ(variant_hash({"t", "s", "p", "w", {"b", "a", "a"}, {"y", "x"}}),
            variant_hash({"t", "s", "p", "w", {"a", "b", "a"}, {"x", "y"}}));
}

TEST(VariantHash, DependsOnEachOfTheSixFields) {
  const VariantParts parts{"t", "s", "p", "w", {"a"}, {"b"}};
  const std::uint64_t hash = variant_hash(parts);
  VariantParts other = parts;
  other.topology = "x";
  EXPECT_NE(variant_hash(other), hash);
  other = parts;
  other.scheduler = "x";
  EXPECT_NE(variant_hash(other), hash);
  other = parts;
  other.payload = std::nullopt;
  EXPECT_NE(variant_hash(other), hash);
  other = parts;
  other.work_type = "x";
  EXPECT_NE(variant_hash(other), hash);
  other = parts;
  other.sysctls = {"b"};
  EXPECT_NE(variant_hash(other), hash);
  other = parts;
  other.kargs = {};
  EXPECT_NE(variant_hash(other), hash);
}

TEST(VariantHash, TellsNoPayloadFromOneOfThatName) {
  EXPECT_NE(variant_hash({"", "", std::nullopt, "", {}, {}}),
            variant_hash({"", "", "null", "", {}, {}}));
}

TEST(VariantHash, OfARecordLeavesOutWhereAndWhenItRan) {
  Record record;
  record.topology = "1n1l1c1t";
  record.scheduler = "eevdf";
  record.work_type = "SpinWait";
  EXPECT_EQ(variant_hash_text(variant_hash(record)), "16b754f538ba41fd");
  record.test_name = "x";
  record.project_commit = "abcdef0";
  record.kernel_commit = "abcdef0";
  record.resolve_source = "path";
  record.run_source = "ci";
  record.cpu_budget = 3;
  record.host.emplace().arch = "x86_64";
  EXPECT_EQ(variant_hash_text(variant_hash(record)), "16b754f538ba41fd");
}

TEST(VariantHash, IsSixteenDigitsEvenIfSmall) {
  EXPECT_EQ(variant_hash_text(0xabc), "0000000000000abc");
}

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
