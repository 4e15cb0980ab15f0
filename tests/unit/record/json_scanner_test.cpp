// SPDX-License-Identifier: MIT
#include "record/json_scanner.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ktstr {
namespace {

std::string rewritten(const std::string& json) {
  const auto result = make_parsable(json);
  return result ? *result : "refused: " + result.error().message;
}

TEST(ExactJson, LeavesWhatTheFastParserTakesAndDropsSpace) {
  EXPECT_EQ(rewritten(" { \"a\" : [ 1 , -2.5e3 ,\t\"x\\n\" ,true,false , null,{ },[ ] ] }\r\n"),
            R"({"a":[1,-2.5e3,"x\n",true,false,null,{},[]]})");
  EXPECT_EQ(rewritten("[18446744073709551615,-9223372036854775808,1e308,1e-999,0e999]"),
            "[18446744073709551615,-9223372036854775808,1e308,1e-999,0e999]");
}

TEST(ExactJson, MarksNumbersThatNoTypeHolds) {
  EXPECT_EQ(rewritten("[-0,1e999,18446744073709551616,-9223372036854775809]"),
            R"(["\u0000n-0","\u0000n1e999","\u0000n18446744073709551616",)"
            R"("\u0000n-9223372036854775809"])");
}

TEST(ExactJson, MarksLoneSurrogatesButNotPairs) {
  EXPECT_EQ(rewritten(R"(["\ud83d\ude00"])"), R"(["\ud83d\ude00"])");
  for (const std::string text : {R"(\ud800)", R"(\udc00)", R"(\ud800\u0041)",
                                 R"(\ud800\ud800\udc00)", R"(\ud800\n)", R"(\udc00\ud800)"}) {
    std::string escaped;
    for (const char c : text) escaped += c == '\\' ? "\\\\" : std::string(1, c);
    EXPECT_EQ(rewritten("[\"" + text + "\"]"), "[\"\\u0000s" + escaped + "\"]");
  }
}

TEST(ExactJson, MarksStringsThatLookMarked) {
  EXPECT_EQ(rewritten(R"({"\u0000n":"\u0000","x\u0000":1})"),
            R"({"\u0000p\u0000n":"\u0000p\u0000","x\u0000":1})");
}

TEST(ExactJson, CapturesWhatIsTooDeepForTheFastParser) {
  const std::string outer_open(1023, '[');
  const std::string outer_close(1023, ']');
  EXPECT_EQ(rewritten(outer_open + "1" + outer_close), outer_open + "1" + outer_close);
  EXPECT_EQ(
      rewritten(outer_open + R"(1,{"a": [-0, "\ud800", "\u0000"]},[2])" + outer_close),
      outer_open + R"(1,"\u0000c{\"a\":[-0,\"\\ud800\",\"\\u0000\"]}","\u0000c[2]")" + outer_close);
}

TEST(ExactJson, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(rewritten(""), "refused: unexpected end of the text at byte 0");
  EXPECT_EQ(rewritten("[1 2]"), "refused: expected ',' or ']' at byte 3");
  EXPECT_EQ(rewritten("{\"a\" 1}"), "refused: expected ':' at byte 5");
  EXPECT_EQ(rewritten("{1:2}"), "refused: expected a key at byte 1");
  EXPECT_EQ(rewritten("[]x"), "refused: trailing characters at byte 2");
  EXPECT_EQ(rewritten("[01]"), "refused: expected ',' or ']' at byte 2");
  EXPECT_EQ(rewritten("[nul]"), "refused: expected a value at byte 1");
  EXPECT_EQ(rewritten("[\"\\q\"]"), "refused: invalid escape at byte 4");
  EXPECT_EQ(rewritten("[\"a"), "refused: unexpected end of the text at byte 3");
}

TEST(ExactJson, TakesNothingThatIsNotJson) {
  for (const char* json : {"[",          "]",         "{",        "}",         "[1,]",
                           "{\"a\":1,}", "{\"a\"}",   "{\"a\":}", "[,1]",      "-",
                           "1.",         ".5",        "1e",       "1e+",       "+1",
                           "0x1",        "--1",       "00",       "-01",       "truefalse",
                           "[1}",        "{\"a\":1]", "'a'",      "\"\\u12\"", "\"\\ud800\\u12\"",
                           "\"\x01\"",   "1 1",       "\v1",      "//x\n1"}) {
    EXPECT_FALSE(make_parsable(json)) << json;
  }
}

TEST(MarkedValue, IsOnlyAStringThatStartsWithAMark) {
  EXPECT_FALSE(marked_value(""));
  EXPECT_FALSE(marked_value("n1"));
  EXPECT_FALSE(marked_value(std::string_view("\0", 1)));
  const auto marked = marked_value(std::string_view("\0n1e999", 7));
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->kind, MarkedKind::number);
  EXPECT_EQ(marked->text, "1e999");
}

TEST(NegativeZero, IsSuspectedOnlyWhereANumberEnds) {
  for (const char* json : {"-0", "[-0]", "[-0,1]", "{\"a\":-0}", "[-0 ]", "[-0\n]"}) {
    EXPECT_TRUE(may_hold_negative_zero(json)) << json;
  }
  for (const char* json : {"", "0", "[-0.0]", "[-0e1]", "\"2026-01-02\"", "\"x-0\"", "[-1]"}) {
    EXPECT_FALSE(may_hold_negative_zero(json)) << json;
  }
}

TEST(NumberValue, TellsTooLargeFromTooSmall) {
  EXPECT_EQ(number_value("1e308"), 1e308);
  EXPECT_EQ(number_value("5e-324"), 5e-324);
  EXPECT_EQ(number_value("1e-400"), 0.0);
  EXPECT_EQ(number_value("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(number_value("0e999"), 0.0);
  EXPECT_EQ(number_value("1e-99999999999999999999"), 0.0);
  EXPECT_TRUE(std::signbit(number_value("-1e-400").value_or(1.0)));
  for (const std::string& number :
       {std::string("1e309"), std::string("-1e999"), std::string("1e99999999999999999999"),
        "1" + std::string(400, '0'), "1" + std::string(700, '0') + "e-300",
        "0." + std::string(400, '0') + "1e800"}) {
    EXPECT_FALSE(number_value(number)) << number;
  }
  EXPECT_EQ(number_value("1" + std::string(400, '0') + "e-400"), 1.0);
}

}  // namespace
}  // namespace ktstr
