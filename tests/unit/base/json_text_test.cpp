// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "base/text.hpp"

namespace ktstr {
namespace {

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

}  // namespace
}  // namespace ktstr
