// SPDX-License-Identifier: MIT
#include <limits>

#include "rendered.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

const std::string k_hostile = std::string("a\n\"b\"|c,\x1b[31m\\\xff") + '\0' + "\xc2\x9b\x7f<i>";

std::string json_of(const Value& value) { return as(Format::jsonl, {{"v"}}, {{value}}); }
std::string csv_of(const Value& value) { return as(Format::csv, {{"v"}}, {{value}}).substr(2); }

TEST(Format, IsParsedFromTheNameThatItShows) {
  for (const std::string& name : format_names()) {
    const auto format = parse_format(name);
    ASSERT_TRUE(format.has_value()) << name;
    EXPECT_EQ(format_name(*format), name);
  }
}

TEST(Format, OfAnUnknownNameIsAUsageErrorWithTheClosestName) {
  const auto format = parse_format("jsno");
  ASSERT_FALSE(format.has_value());
  EXPECT_EQ(format.error().code, ErrorCode::usage);
  EXPECT_EQ(format.error().message, "'jsno' is not an output format; did you mean 'json'?");
}

TEST(JsonRows, AreOneDocumentWithTheCountLast) {
  EXPECT_EQ(as(Format::json, {{"a"}, {"b"}}, {{integer(1), text("x")}, {k_null, 2.5}}),
            R"({"schema_version":1,"rows":[{"a":1,"b":"x"},{"a":null,"b":2.5}],)"
            R"("stale":false,"count":2})"
            "\n");
}

TEST(JsonRows, OfAnEmptyResultAreAValidDocument) {
  EXPECT_EQ(as(Format::json, {{"a"}}, {}),
            "{\"schema_version\":1,\"rows\":[],\"stale\":false,\"count\":0}\n");
}

TEST(JsonRows, AskForStalenessAfterTheLastRow) {
  RepeatedRows source({{"a"}}, {integer(1)}, 3);
  RenderOptions options;
  options.format = Format::json;
  options.stale = [&source] { return source.given() == 3; };
  EXPECT_NE(rendered(source, options).text.find(R"("stale":true,"count":3})"), std::string::npos);
}

TEST(JsonRows, EscapeEveryControlCharacterOfForeignText) {
  EXPECT_EQ(json_of(text(k_hostile)), R"({"v":"a\n\"b\"|c,\u001b[31m\\)"
                                      "\xEF\xBF\xBD"
                                      R"(\u0000\u009b\u007f<i>"})"
                                      "\n");
}

TEST(JsonRows, EscapeColumnNames) {
  EXPECT_EQ(as(Format::jsonl, {{"a\"\n"}}, {{integer(1)}}), "{\"a\\\"\\n\":1}\n");
}

TEST(JsonRows, NumberColumnsOfTheSameName) {
  EXPECT_EQ(as(Format::jsonl, {{"a"}, {"a"}, {"a_2"}}, {{integer(1), integer(2), integer(3)}}),
            "{\"a\":1,\"a_2\":2,\"a_2_2\":3}\n");
}

TEST(JsonRows, KeepNumbersExact) {
  EXPECT_EQ(json_of(integer(std::numeric_limits<std::int64_t>::min())),
            "{\"v\":-9223372036854775808}\n");
  EXPECT_EQ(json_of(0.1 + 0.2), "{\"v\":0.30000000000000004}\n");
  EXPECT_EQ(json_of(std::numeric_limits<double>::infinity()), "{\"v\":null}\n");
}

TEST(JsonRows, GiveNullsWhereARowIsTooShort) {
  EXPECT_EQ(as(Format::jsonl, {{"a"}, {"b"}}, {{integer(1)}}), "{\"a\":1,\"b\":null}\n");
}

TEST(JsonlRows, OfAnEmptyResultAreNoLine) { EXPECT_EQ(as(Format::jsonl, {{"a"}}, {}), ""); }

TEST(CsvRows, BeginWithAHeaderAndEndLinesAsTheShellDoes) {
  EXPECT_EQ(as(Format::csv, {{"a"}, {"b"}}, {{integer(1), text("x")}}), "a,b\n1,x\n");
  EXPECT_EQ(as(Format::csv, {{"a"}, {"b"}}, {}), "a,b\n");
}

TEST(CsvRows, QuoteWhatWouldEndAField) {
  EXPECT_EQ(csv_of(text("a,b")), "\"a,b\"\n");
  EXPECT_EQ(csv_of(text("a\"b")), "\"a\"\"b\"\n");
  EXPECT_EQ(csv_of(text("a\nb")), "\"a\nb\"\n");
  EXPECT_EQ(csv_of(text("a\rb")), "\"a\rb\"\n");
}

TEST(CsvRows, TellNullFromEmptyText) {
  EXPECT_EQ(as(Format::csv, {{"a"}, {"b"}}, {{k_null, text("")}}), "a,b\n,\"\"\n");
}

TEST(CsvRows, OfASingleNullAreNotAnEmptyLine) { EXPECT_EQ(csv_of(k_null), "\"\"\n"); }

TEST(CsvRows, EscapeControlCharactersThatNoReaderNeeds) {
  EXPECT_EQ(csv_of(text(k_hostile)),
            "\"a\n\"\"b\"\"|c,\\x1b[31m\\\\xff\\x00\\xc2\\x9b\\x7f<i>\"\n");
}

TEST(CsvRows, KeepWhatOnlyCantBeSeen) {
  EXPECT_EQ(csv_of(text("a\xE2\x80\xAE")), "a\xE2\x80\xAE\n");
}

TEST(CsvRows, KeepNumbersExact) {
  EXPECT_EQ(csv_of(1e300), "1e300\n");
  EXPECT_EQ(csv_of(5e-324), "5e-324\n");
  EXPECT_EQ(csv_of(123456789.125), "123456789.125\n");
}

TEST(MarkdownRows, AlignNumbersRight) {
  EXPECT_EQ(as(Format::markdown, {{"a"}, {"n"}}, {{text("x"), integer(1)}, {text("y"), k_null}}),
            "| a | n |\n| --- | ---: |\n| x | 1 |\n| y | |\n");
}

TEST(MarkdownRows, EscapeWhatWouldBeMarkup) {
  EXPECT_EQ(as(Format::markdown, {{"a|b"}}, {{text(k_hostile + "[x](y)`*")}}),
            "| a\\|b |\n| --- |\n"
            "| a\\\\n\"b\"\\|c,\\\\x1b\\[31m\\\\\\\\xff\\\\x00\\\\xc2\\\\x9b\\\\x7f\\<i>"
            "\\[x](y)\\`\\* |\n");
}

TEST(MarkdownRows, BreakWhatWouldBecomeALinkOrAnEmphasis) {
  EXPECT_EQ(as(Format::markdown, {{"a"}}, {{text("https://x www.x a@b __c__ d_e 1:2 &lt; WWW.y")}}),
            "| a |\n| --- |\n"
            "| https\\://x www\\.x a\\@b \\_\\_c\\_\\_ d_e 1:2 \\&lt; WWW\\.y |\n");
}

TEST(MarkdownRows, OfAnEmptyResultAreAHeader) {
  EXPECT_EQ(as(Format::markdown, {{"a"}}, {}), "| a |\n| --- |\n");
}

TEST(Rows, WithoutColumnsAreNoText) {
  EXPECT_EQ(as(Format::table, {}, {{}}), "");
  EXPECT_EQ(as(Format::csv, {}, {}), "");
  EXPECT_EQ(as(Format::markdown, {}, {{}}), "");
}

}  // namespace
}  // namespace ktstr
