// SPDX-License-Identifier: MIT
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

}  // namespace
}  // namespace ktstr
