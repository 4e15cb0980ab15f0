// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/visible_text.hpp"

namespace ktstr {
namespace {

using Parts = std::vector<std::string_view>;

/// The code point in as many bytes as told, right or wrong.
std::string encode(char32_t code_point, int length) {
  if (length == 1) return {static_cast<char>(code_point)};
  std::string bytes;
  for (int i = 1; i < length; ++i) {
    bytes.insert(bytes.begin(), static_cast<char>(0x80 | (code_point & 0x3F)));
    code_point >>= 6;
  }
  const unsigned lead = 0xFF00U >> length & 0xFFU;
  return static_cast<char>(lead | code_point) + bytes;
}

int shortest_length(char32_t code_point) {
  if (code_point < 0x80) return 1;
  if (code_point < 0x800) return 2;
  return code_point < 0x10000 ? 3 : 4;
}

TEST(Utf8, TakesExactlyTheCodePointsThatAreNotSurrogatesInTheirShortestForm) {
  for (char32_t code_point = 0; code_point < 0x110400; ++code_point) {
    const bool exists = code_point < 0xD800 || (code_point > 0xDFFF && code_point < 0x110000);
    const int shortest = shortest_length(code_point);
    ASSERT_EQ(is_valid_utf8(encode(code_point, shortest)), exists)
        << static_cast<std::uint32_t>(code_point);
    for (int length = shortest + 1; length <= 4; ++length) {
      ASSERT_FALSE(is_valid_utf8(encode(code_point, length)))
          << static_cast<std::uint32_t>(code_point);
    }
  }
}

TEST(Utf8, DecodesTheCodePoint) {
  EXPECT_EQ(first_utf8_sequence("\xF0\x9F\x98\x80!").code_point, U'\U0001F600');
}

TEST(Utf8, RefusesASequenceThatBreaksOffAtTheEnd) {
  EXPECT_FALSE(is_valid_utf8("abc\xE2\x82"));
  EXPECT_FALSE(is_valid_utf8("\xC3"));
}

TEST(Utf8, FindsABadByteWhereverItStands) {
  for (std::size_t position = 0; position < 40; ++position) {
    std::string text(40, 'a');
    text[position] = '\x80';
    EXPECT_FALSE(is_valid_utf8(text)) << position;
  }
}

TEST(Utf8, TakesTheEmptyTextAndLongAscii) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8(std::string(1000, 'x') + "\xC3\xA9" + std::string(1000, 'y')));
}

TEST(LossyUtf8, KeepsValidText) { EXPECT_EQ(lossy_utf8("a\xC3\xA9\x01"), "a\xC3\xA9\x01"); }

TEST(LossyUtf8, ReplacesEachMaximalBeginningByOneMark) {
  // The example of the Unicode standard, table 3-11.
  EXPECT_EQ(lossy_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x41");
}

TEST(LossyUtf8, ReplacesEachByteOfASurrogate) {
  EXPECT_EQ(lossy_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(EscapeControl, ShowsControlCharactersInsteadOfSendingThem) {
  EXPECT_EQ(escape_control("a\n\t\r\x1b[31m\x7f"), "a\\n\\t\\r\\x1b[31m\\x7f");
  EXPECT_EQ(escape_control(std::string_view("\0", 1)), "\\x00");
}

TEST(EscapeControl, ShowsC1ControlsByteByByte) {
  EXPECT_EQ(escape_control("\xC2\x80|\xC2\x9B|\xC2\x9F"), "\\xc2\\x80|\\xc2\\x9b|\\xc2\\x9f");
}

TEST(EscapeControl, ShowsInvalidBytes) {
  EXPECT_EQ(escape_control("a\xFF\xE2\x82"), "a\\xff\\xe2\\x82");
}

TEST(EscapeControl, LeavesTheRestAlone) {
  EXPECT_EQ(escape_control("\xC2\xA0 \xC3\xA9 \\n /"), "\xC2\xA0 \xC3\xA9 \\n /");
}

TEST(EditDistance, CountsInsertionsRemovalsAndChanges) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(Closest, IsTheNearestCandidate) {
  EXPECT_EQ(closest("shedular", {"topology", "scheduler", "schedule"}), "scheduler");
}

TEST(Closest, IsTheFirstOfEquals) { EXPECT_EQ(closest("ab", {"abc", "abd"}), "abc"); }

TEST(Closest, IsNoneWhenAllAreTooFarOff) {
  EXPECT_EQ(closest("abc", {"abcdefg"}), std::nullopt);
  EXPECT_EQ(closest("abc", {}), std::nullopt);
}

TEST(Closest, AllowsThreeEditsInAShortWordAndAThirdOfALongOne) {
  EXPECT_EQ(closest("abc", {"abcdef"}), "abcdef");
  EXPECT_EQ(closest("abcdefghijkl", {"abcdefghijklmnop"}), "abcdefghijklmnop");
  EXPECT_EQ(closest("abcdefghijkl", {"abcdefghijklmnopq"}), std::nullopt);
}

TEST(Split, GivesOnePartMoreThanSeparators) {
  EXPECT_EQ(split("a,b,,c", ','), (Parts{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (Parts{""}));
  EXPECT_EQ(split(",", ','), (Parts{"", ""}));
}

TEST(Trim, TakesAsciiWhiteSpaceOffBothEnds) {
  EXPECT_EQ(trim(" \t\n\v\f\ra b\n "), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim("\xC2\xA0x"), "\xC2\xA0x");
}

TEST(Hex16, HasLeadingZerosAndLowerCase) {
  EXPECT_EQ(hex16(0), "0000000000000000");
  EXPECT_EQ(hex16(0xABCDEF), "0000000000abcdef");
  EXPECT_EQ(hex16(~std::uint64_t{0}), "ffffffffffffffff");
}

}  // namespace
}  // namespace ktstr
