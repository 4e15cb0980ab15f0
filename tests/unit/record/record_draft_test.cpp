// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "record/decoder.hpp"
#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

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
