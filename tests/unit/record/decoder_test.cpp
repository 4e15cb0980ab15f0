// SPDX-License-Identifier: MIT
#include "record/decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::complaint;
using test::decoded;
using test::is_corrupt;
using test::ObjectText;
using test::record_with;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string nested(std::size_t depth) { return repeated("[", depth) + "1" + repeated("]", depth); }

// ---- what is no record at all -------------------------------------------------------------------

TEST(DecoderCorrupt, IsWhatIsNotOneJsonText) {
  const std::string record = ObjectText<Record>().text();
  for (const std::string& json : {std::string(),
                                  std::string(" "),
                                  std::string("{"),
                                  record + "x",
                                  record + "{}",
                                  record.substr(0, record.size() / 2),
                                  record.substr(0, record.size() - 1),
                                  record_with("z", "tru"),
                                  record_with("z", "01"),
                                  record_with("z", "1."),
                                  record_with("z", "-"),
                                  record_with("z", "+1"),
                                  record_with("z", "NaN"),
                                  record_with("z", "[1,]"),
                                  record_with("z", "{\"a\":1,}"),
                                  record_with("z", "{1:2}"),
                                  record_with("z", "\"\\x\""),
                                  record_with("z", "\"\\u12g4\""),
                                  record_with("z", "\"\n\""),
                                  record_with("z", "\""),
                                  record + std::string(1, '\0')}) {
    EXPECT_TRUE(is_corrupt(json)) << json;
  }
}

// The fast parser refuses the number, and then the exact reader has to see the fault behind it.
TEST(DecoderCorrupt, IsAlsoFoundBehindWhatOnlyTheExactReaderTakes) {
  for (const std::string& json :
       {record_with("z", "1e999") + "x", record_with("z", "[1e999,tru]"),
        record_with("z", "[1e999,01]"), record_with("z", "[-0,]"), record_with("z", "[1e999"),
        record_with("z", "[\"\\ud800\",\"\\u00\"]"), record_with("z", nested(2000) + "]"),
        record_with("z", repeated("[", 100'000)), record_with("z", "[-0,\"\t\"]")}) {
    EXPECT_TRUE(is_corrupt(json)) << json.substr(0, 3000);
  }
}

TEST(DecoderCorrupt, IsADocumentWhoseTopIsNoObject) {
  for (const char* json : {"[]", "1", "-0", "1e999", "\"x\"", "null", "true", "\"\\u0000n1\""}) {
    EXPECT_TRUE(is_corrupt(json)) << json;
  }
}

TEST(DecoderCorrupt, IsAByteOrderMark) {
  EXPECT_TRUE(is_corrupt("\xEF\xBB\xBF" + ObjectText<Record>().text()));
}

TEST(DecoderCorrupt, NamesBytesThatAreNotUtf8InItsHint) {
  for (const char* bytes : {"\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xE2\x82\""}) {
    const auto result = decode_record(record_with("z", bytes), SampleHandling::keep);
    ASSERT_FALSE(result) << bytes;
    EXPECT_EQ(result.error().hint, "utf-8");
  }
  EXPECT_EQ(decode_record("{", SampleHandling::keep).error().hint, "");
}

// ---- what stands below a key that nobody reads --------------------------------------------------

TEST(DecoderUnknownKey, MayHoldWhateverIsJson) {
  for (const std::string& value :
       {std::string("1e999"), std::string("-1e999"), std::string("1e-999"), std::string("-0"),
        std::string("18446744073709551616"), std::string("1") + std::string(400, '0'),
        std::string("\"\\ud800\""), std::string("\"\\udc00x\""), std::string("{\"\\ud800\":1}"),
        std::string("{\"a\":1,\"a\":2}"), std::string("\"\\u0000n1\""),
        std::string("1e99999999999999999999"), std::string("[\"\\ud800\\ud800\\udc00\"]")}) {
    EXPECT_EQ(complaint(record_with("z", value)), "") << value;
    EXPECT_EQ(decoded(record_with("z", value), SampleHandling::reduce).error, "") << value;
  }
}

TEST(DecoderUnknownKey, MayHoldValuesNestedToAnyDepth) {
  for (const std::size_t depth : {100, 1021, 1022, 1023, 1024, 1025, 10'000, 100'000}) {
    EXPECT_EQ(complaint(record_with("z", nested(depth))), "") << depth;
  }
}

TEST(DecoderUnknownKey, MayRepeat) {
  EXPECT_EQ(complaint(ObjectText<Record>().add("z", "1").add("z", "2").text()), "");
}

TEST(DecoderUnknownKey, MustItselfBeAString) {
  EXPECT_EQ(complaint(record_with("\\udc00", "1")), "lone surrogate in a key");
}

using test::ObjectText;
using test::place;
using Texts = std::vector<std::string>;

Texts breaks(const std::string& json) {
  const auto draft = decode_draft(json);
  if (!draft) return {"error: " + draft.error().message};
  Texts texts;
  for (const ContractBreak& found : draft->breaks) texts.push_back(found.text());
  return texts;
}

TEST(RecordDraft, OfAWholeRecordHasNoBreaks) {
  EXPECT_EQ(breaks(ObjectText<Record>().text()), Texts{});
  EXPECT_EQ(breaks(ObjectText<Record>::full().text()), Texts{});
}

TEST(RecordDraft, HasAllThatIsMissingOrWrongAndNotOnlyTheFirst) {
  const auto stats = ObjectText<ScenarioStats>().drop("total_cpus").drop("worst_spread").text();
  const auto json = ObjectText<Record>()
                        .set("passed", "1")
                        .set("stats", stats)
                        .set("sysctls", "[1,\"a\",null]")
                        .drop("vcpus")
                        .drop("topology")
                        .text();
  EXPECT_EQ(breaks(json),
            (Texts{"passed: invalid type: integer `1`, expected a boolean",
                   "stats: missing field `total_cpus`", "stats: missing field `worst_spread`",
                   "sysctls[0]: invalid type: integer `1`, expected a string",
                   "sysctls[2]: invalid type: null, expected a string", "missing field `topology`",
                   "missing field `vcpus`"}));
}

TEST(RecordDraft, TellsAMissingKeyFromAWrongValue) {
  const auto draft = decode_draft(ObjectText<Record>().drop("run_id").set("vcpus", "-1").text());
  ASSERT_TRUE(draft);
  ASSERT_EQ(draft->breaks.size(), 2U);
  EXPECT_EQ(draft->breaks[0].path, "vcpus");
  EXPECT_EQ(draft->breaks[0].missing_key, "");
  EXPECT_EQ(draft->breaks[1].path, "");
  EXPECT_EQ(draft->breaks[1].missing_key, "run_id");
}

TEST(RecordDraft, KeepsTheRestAndLeavesDefaultsForWhatIsMissing) {
  const auto draft = decode_draft("{\"first\":[1],\"test_name\":\"t\",\"passed\":true}");
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->record.test_name, "t");
  EXPECT_TRUE(draft->record.passed);
  EXPECT_EQ(draft->record.vcpus, 0U);
  EXPECT_FALSE(was_read(draft->record, &Record::vcpus));
  ASSERT_EQ(draft->record.keys.unknown.size(), 1U);
  EXPECT_EQ(draft->record.keys.unknown[0].after, "");
}

TEST(RecordDraft, IsHeldAgainstTheContractThatItBreaksLess) {
  const std::string newer = ObjectText<SchedstatDeltas>().drop("total_schedstat_wall_sec").text();
  const std::string monitor = ObjectText<MonitorSummary>().set("schedstat_deltas", newer).text();
  ObjectText<Record> record;
  record.set("monitor", monitor).drop("vcpus");
  EXPECT_EQ(breaks(record.text()), Texts{"missing field `vcpus`"})
      << "the newer contract doesn't know the key that the target misses";
  ObjectText<Record> target;
  target.set("host_dilation", "\"x\"").drop("vcpus");
  EXPECT_EQ(breaks(target.text()), Texts{"missing field `vcpus`"})
      << "the target contract doesn't know the key that the newer one finds wrong";
}

TEST(RecordDraft, ListsABoundedNumberAndCountsTheRest) {
  std::string names = "[";
  for (int i = 0; i < 1000; ++i) names += i == 0 ? "0" : ",0";
  const auto draft = decode_draft(ObjectText<Record>().set("kargs", names + "]").text());
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->breaks.size(), RecordDraft::k_most_listed);
  EXPECT_EQ(draft->breaks.size() + draft->unlisted_breaks, 1000U);
}

TEST(RecordDraft, OfWhatIsNoJsonObjectIsAnError) {
  EXPECT_EQ(breaks("[]"), Texts{"error: the document is not a JSON object"});
  EXPECT_FALSE(decode_draft("{\"test_name\":"));
}

TEST(RecordDraft, OfTextThatTheFastParserRefusesIsTheSame) {
  // An integer that no 64 bits hold, below an unknown key: the exact reader decides.
  const auto json = ObjectText<Record>().drop("run_id").add("own", "1e999").text();
  EXPECT_EQ(breaks(json), Texts{"missing field `run_id`"});
}

}  // namespace
}  // namespace ktstr
