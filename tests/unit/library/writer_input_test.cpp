// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ktstr/record.hpp"
#include "library/writer.hpp"
#include "record/fields.hpp"
#include "support/small_records.hpp"
#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::ObjectText;

std::string refusal(const Result<Record>& record) {
  return record ? "no error" : record.error().message;
}

TEST(HarnessRecord, MayLeaveOutWhatTheWriterFillsIn) {
  const auto record =
      parse_harness_record(ObjectText<Record>().drop("timestamp").drop("run_id").text());
  ASSERT_TRUE(record) << refusal(record);
  EXPECT_FALSE(was_read(*record, &Record::timestamp));
  EXPECT_FALSE(was_read(*record, &Record::run_id));
  EXPECT_EQ(record->timestamp, "");
}

TEST(HarnessRecord, KeepsAnUnknownKeyWhereItStood) {
  const std::string rest = ObjectText<Record>().drop("timestamp").drop("run_id").text().substr(1);
  const auto record = parse_harness_record("{\"own\":1," + rest);
  ASSERT_TRUE(record) << refusal(record);
  EXPECT_EQ(encode_record(*record).find("\"own\": 1"), 4U) << "at the start, as it was handed over";
}

TEST(HarnessRecord, ThatLacksMoreIsRefusedWithAllOfIt) {
  const std::string most = ObjectText<Record>().drop("run_id").drop("vcpus").text();
  EXPECT_EQ(refusal(parse_harness_record(most)), "missing field `vcpus`");
  const std::string less =
      ObjectText<Record>().drop("timestamp").drop("vcpus").drop("kargs").set("passed", "1").text();
  EXPECT_EQ(refusal(parse_harness_record(less)),
            "passed: invalid type: integer `1`, expected a boolean; missing field `vcpus`; "
            "missing field `kargs`");
}

TEST(HarnessRecord, MayNotHaveAWrongValueWhereAMissingOneIsFilledIn) {
  EXPECT_EQ(refusal(parse_harness_record(ObjectText<Record>().set("timestamp", "5").text())),
            "timestamp: invalid type: integer `5`, expected a string");
  EXPECT_EQ(refusal(parse_harness_record(ObjectText<Record>().set("run_id", "null").text())),
            "run_id: invalid type: null, expected a string");
}

TEST(HarnessRecord, WithVeryManyFaultsSaysHowManyMore) {
  std::string items = "0";
  for (int i = 1; i < 150; ++i) items += ",0";
  const std::string text =
      refusal(parse_harness_record(ObjectText<Record>().set("kargs", "[" + items + "]").text()));
  EXPECT_TRUE(text.ends_with("; and 50 more")) << text;
}

TEST(HarnessIdentity, ThatLacksPartsIsRefusedWithAllOfThem) {
  const std::string json =
      "{\"topology\":\"1n1l1c1t\",\"scheduler\":5,\"sysctls\":[],\"kargs\":[]}";
  EXPECT_EQ(refusal(parse_harness_variant(json)), "no usable fields `scheduler`, `work_type`");
  EXPECT_EQ(refusal(parse_harness_identity(json)),
            "no usable fields `test_name`, `scheduler`, `work_type`");
}

TEST(HarnessIdentity, ThatLacksOnePartIsRefusedWithIt) {
  const std::string json =
      "{\"topology\":\"1n1l1c1t\",\"scheduler\":\"s\",\"work_type\":\"w\",\"sysctls\":[],\"kargs\":"
      "[]}";
  EXPECT_EQ(refusal(parse_harness_variant(json)), "no error");
  EXPECT_EQ(refusal(parse_harness_identity(json)), "no usable field `test_name`");
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

StampSources counted_sources(std::vector<std::string>& asked) {
  const auto source = [&asked](const std::string& name) {
    return [&asked, name]() {
      asked.push_back(name);
      return name;
    };
  };
  StampSources sources;
  sources.project_commit = source("project_commit");
  sources.kernel_version = source("kernel_version");
  sources.kernel_commit = source("kernel_commit");
  sources.timestamp = source("timestamp");
  sources.run_id = source("run_id");
  sources.run_source = source("run_source");
  sources.host = [&asked] {
    asked.emplace_back("host");
    return HostContext{};
  };
  return sources;
}

TEST(Stamps, AreAskedForInTheRecordsOrder) {
  std::vector<std::string> asked;
  Record record;
  stamp_record(record, FillIn::unset, counted_sources(asked));
  EXPECT_THAT(asked, ElementsAre("project_commit", "kernel_version", "kernel_commit", "timestamp",
                                 "run_id", "host", "run_source"));
  EXPECT_EQ(record.run_id, "run_id");
}

TEST(Stamps, AreNotAskedForWhereTheRecordHasThem) {
  std::vector<std::string> asked;
  Record record;
  stamp_record(record, FillIn::unset, counted_sources(asked));
  asked.clear();
  stamp_record(record, FillIn::unset, counted_sources(asked));
  EXPECT_THAT(asked, IsEmpty());
}

TEST(Stamps, AreAskedForEmptyTextToo) {
  std::vector<std::string> asked;
  Record record;
  record.project_commit = "";
  stamp_record(record, FillIn::unset, counted_sources(asked));
  EXPECT_EQ(record.project_commit, "project_commit");
}

TEST(Stamps, AreNotAskedForAtAll) {
  std::vector<std::string> asked;
  Record record;
  stamp_record(record, FillIn::nothing, counted_sources(asked));
  EXPECT_THAT(asked, IsEmpty());
}

TEST(Stamps, FillMissingKeysAndLeaveNulls) {
  std::string json = encode_record(test::small_record("a"));
  const std::string missing = "  \"kernel_commit\": null,\n";
  ASSERT_NE(json.find(missing), std::string::npos);
  json.erase(json.find(missing), missing.size());
  Record record = decode_record(json, SampleHandling::keep)->record;
  std::vector<std::string> asked;
  stamp_record(record, FillIn::missing_keys, counted_sources(asked));
  EXPECT_THAT(asked, ElementsAre("kernel_commit"));
  EXPECT_EQ(record.kernel_commit, "kernel_commit");
  EXPECT_EQ(record.scheduler_commit, std::nullopt);
  EXPECT_FALSE(record.host);
}

}  // namespace
}  // namespace ktstr
