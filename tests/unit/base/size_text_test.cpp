// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "base/visible_text.hpp"

namespace ktstr {
namespace {

TEST(SizeText, CountsLettersInPowersOf1024) {
  EXPECT_EQ(parse_size("1048576"), 1'048'576);
  EXPECT_EQ(parse_size("500K"), 512'000);
  EXPECT_EQ(parse_size("2G"), std::int64_t{2} << 30);
  EXPECT_EQ(parse_size("1.5 GiB"), std::int64_t{3} << 29);
  EXPECT_EQ(parse_size("3mb"), 3 << 20);
  EXPECT_EQ(parse_size("0"), 0);
}

TEST(SizeText, IsNothingForWhatIsNoSize) {
  for (const char* text : {"", "G", "-1", "1X", "1KK", "iB", "1e400", "1iB", "nan", "inf", "0x10",
                           "9300000T", "2G2"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ktstr
