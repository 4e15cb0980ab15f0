// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ktstr/record.hpp"
#include "library/writer.hpp"
#include "support/small_records.hpp"

namespace ktstr {
namespace {

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
