// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "environment/host.hpp"

namespace ktstr {
namespace {

using Cpus = std::vector<std::uint64_t>;

TEST(CpuList, HoldsNumbersAndRangesWithBothEnds) {
  EXPECT_EQ(parse_cpu_list("5"), (Cpus{5}));
  EXPECT_EQ(parse_cpu_list("0-3"), (Cpus{0, 1, 2, 3}));
  EXPECT_EQ(parse_cpu_list("0-1,8,10-11"), (Cpus{0, 1, 8, 10, 11}));
  EXPECT_EQ(parse_cpu_list("7-7"), (Cpus{7}));
}

TEST(CpuList, TrimsEachPartAndSkipsEmptyOnes) {
  EXPECT_EQ(parse_cpu_list(" 0 ,, 2-3 ,\n"), (Cpus{0, 2, 3}));
  EXPECT_EQ(parse_cpu_list(" \n"), Cpus{});
  EXPECT_EQ(parse_cpu_list(""), Cpus{});
}

TEST(CpuList, IsSortedAndKeepsRepeatedCpus) {
  EXPECT_EQ(parse_cpu_list("9,2-3,3"), (Cpus{2, 3, 3, 9}));
}

TEST(CpuList, TakesARangeThatRunsBackwardsAsNothing) {
  EXPECT_EQ(parse_cpu_list("5-2"), Cpus{});
  EXPECT_EQ(parse_cpu_list("1,5-2,7"), (Cpus{1, 7}));
}

TEST(CpuList, FailsAsAWholeAtAnythingButANumber) {
  for (const char* const text : {"x", "0-3,x", "0,-", "1-", "-1", "1-2-3", "0 - 3", "0x1", "1.5",
                                 "0-3:1/2", "99999999999999999999", "0;1"}) {
    EXPECT_EQ(parse_cpu_list(text), std::nullopt) << text;
  }
}

TEST(CpuList, IsRefusedWhenNoMachineCouldHaveAsManyCpus) {
  const std::string last = std::to_string(k_most_listed_cpus - 1);
  ASSERT_TRUE(parse_cpu_list("0-" + last));
  EXPECT_EQ(parse_cpu_list("0-" + last)->size(), k_most_listed_cpus);
  EXPECT_EQ(parse_cpu_list("0-" + last + ",0"), std::nullopt);
  EXPECT_EQ(parse_cpu_list("0-18446744073709551615"), std::nullopt);
}

TEST(CpuList, HoldsTheLargestNumberThereIs) {
  EXPECT_EQ(parse_cpu_list("18446744073709551614-18446744073709551615"),
            (Cpus{18446744073709551614U, 18446744073709551615U}));
}

TEST(ProcNumber, IsDigitsWithAtMostOnePlusInFront) {
  EXPECT_EQ(parse_u64("0042"), 42U);
  EXPECT_EQ(parse_u64("+7"), 7U);
  EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615U);
  for (const char* const text : {"", "+", "++7", "-0", "-1", "7 ", " 7", "7kB", "0x7", "1e3",
                                 "18446744073709551616", "\xEF\xBC\x97"}) {
    EXPECT_EQ(parse_u64(text), std::nullopt) << text;
  }
}

TEST(ProcWord, EndsAtUnicodeWhiteSpace) {
  EXPECT_EQ(first_word("  16384 kB"), "16384");
  EXPECT_EQ(first_word("\t12\xC2\xA0kB"), "12");
  EXPECT_EQ(first_word("caf\xC3\xA9 x"), "caf\xC3\xA9");
  EXPECT_EQ(first_word(" \t"), "");
}

TEST(ProcLines, EndAtALineFeedWithOrWithoutACarriageReturn) {
  using Lines = std::vector<std::string_view>;
  EXPECT_EQ(lines_of("a\r\nb\n\nc"), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(lines_of("a\n"), (Lines{"a"}));
  EXPECT_EQ(lines_of(""), Lines{});
}

}  // namespace
}  // namespace ktstr
