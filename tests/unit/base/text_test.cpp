// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
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

TEST(Closest, AllowsAThirdOfTheWord) {
  EXPECT_EQ(closest("id", {"job"}), std::nullopt);
  EXPECT_EQ(closest("abc", {"abcd"}), "abcd");
  EXPECT_EQ(closest("abc", {"abcde"}), std::nullopt);
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

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json(double value) {
  std::string out;
  append_json_double(out, value);
  return out;
}

TEST(JsonString, AppendsToWhatIsThere) {
  std::string out = "x:";
  append_json_string(out, "y");
  EXPECT_EQ(out, "x:\"y\"");
}

TEST(JsonString, EscapesQuoteAndBackslash) { EXPECT_EQ(json("\"\\"), R"("\"\\")"); }

TEST(JsonString, UsesTheShortEscapes) { EXPECT_EQ(json("\b\t\n\f\r"), R"("\b\t\n\f\r")"); }

TEST(JsonString, WritesOtherControlsWithLowerCaseHex) {
  EXPECT_EQ(json(std::string_view("\0\x0b\x1f", 3)), R"("\u0000\u000b\u001f")");
}

TEST(JsonString, LeavesSlashDelAndNonAsciiRaw) {
  EXPECT_EQ(json("/\x7f\xC3\xA9\xC2\x85"), "\"/\x7f\xC3\xA9\xC2\x85\"");
}

TEST(JsonString, ReplacesInvalidUtf8) { EXPECT_EQ(json("a\xFF\n"), "\"a\xEF\xBF\xBD\\n\""); }

TEST(JsonDouble, HasAPointWhenItIsWhole) {
  EXPECT_EQ(json(0.0), "0.0");
  EXPECT_EQ(json(3.0), "3.0");
  EXPECT_EQ(json(-120.0), "-120.0");
}

TEST(JsonDouble, KeepsTheSignOfZero) { EXPECT_EQ(json(-0.0), "-0.0"); }

TEST(JsonDouble, WritesTheShortestDigitsThatRoundTrip) {
  EXPECT_EQ(json(0.1), "0.1");
  EXPECT_EQ(json(0.9248913718187461), "0.9248913718187461");
  EXPECT_EQ(json(1.5), "1.5");
  EXPECT_EQ(json(123456.789), "123456.789");
}

TEST(JsonDouble, IsPlainDownTo1eMinus5) {
  EXPECT_EQ(json(0.00001), "0.00001");
  EXPECT_EQ(json(0.000023052429870186006), "0.000023052429870186006");
  EXPECT_EQ(json(9.9e-6), "9.9e-6");
  EXPECT_EQ(json(1e-6), "1e-6");
}

TEST(JsonDouble, IsPlainBelow1e16) {
  EXPECT_EQ(json(1000000000000000.0), "1000000000000000.0");
  EXPECT_EQ(json(9990000000000000.0), "9990000000000000.0");
  EXPECT_EQ(json(1e16), "1e16");
  EXPECT_EQ(json(1.2345678901234568e17), "1.2345678901234568e17");
}

TEST(JsonDouble, WritesTheExtremes) {
  EXPECT_EQ(json(5e-324), "5e-324");
  EXPECT_EQ(json(std::numeric_limits<double>::max()), "1.7976931348623157e308");
  EXPECT_EQ(json(-2.2250738585072014e-308), "-2.2250738585072014e-308");
}

TEST(JsonDouble, IsNullWhenNotFinite) {
  EXPECT_EQ(json(std::nan("")), "null");
  EXPECT_EQ(json(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(json(-std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonDouble, ReadsBackAsTheSameBits) {
  std::mt19937_64 random(20260704);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t bits = random();
    const auto value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) continue;
    const std::string text = json(value);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)), bits) << text;
    ASSERT_NE(text.find_first_of(".e"), std::string::npos) << text;
  }
}

TEST(JsonDouble, ReadsBackAsTheSameBitsNearTheChangeOfForm) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> exponent(-8, 19);
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::pow(10.0, exponent(random));
    const std::string text = json(value);
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    ASSERT_EQ(text.find('e') == std::string::npos, value >= 1e-5 && value < 1e16) << text;
  }
}

TEST(TrimUnicode, TakesAwayEveryKindOfWhiteSpace) {
  for (const char* space : {"\t", "\n", "\v", "\f", "\r", " ", "\xc2\x85", "\xc2\xa0",
                            "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x8a", "\xe2\x80\xa8",
                            "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"}) {
    const std::string once = space;
    std::string padded = once + once;
    padded += "a b";
    padded += once;
    EXPECT_EQ(trim_unicode(padded), "a b");
    EXPECT_EQ(trim_unicode(once), "");
  }
}

TEST(TrimUnicode, LeavesWhatOnlyLooksLikeIt) {
  // A zero-width space, a zero-width no-break space, a unit separator.
  for (const char* text : {"\xe2\x80\x8b", "\xef\xbb\xbf", "\x1f", "a\xcc\x80", ""}) {
    EXPECT_EQ(trim_unicode(text), text);
  }
}

TEST(TrimUnicode, LeavesBytesThatAreNoUtf8) {
  EXPECT_EQ(trim_unicode(" \xa0\x85 "), "\xa0\x85");
  EXPECT_EQ(trim_unicode(" \x80\x80\x80\x80\x80"), "\x80\x80\x80\x80\x80");
}

}  // namespace
}  // namespace ktstr
