// SPDX-License-Identifier: MIT
#include "ktstr/index.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "ktstr/record.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

Record make_record(const std::string& test, bool passed) {
  Record record;
  record.test_name = test;
  record.topology = "1n1l1c1t";
  record.scheduler = "eevdf";
  record.work_type = "SpinWait";
  record.passed = passed;
  return record;
}

/// A runs root with one run directory, filled through the library's encoder.
class IndexOfOneRun : public ::testing::Test {
 protected:
  void put(const std::string& test, bool passed) {
    const Record record = make_record(test, passed);
    const std::string name = test + "-" + variant_hash_text(variant_hash(record)) + ".ktstr.json";
    root_.write("6.14.2-abc1234/" + name, encode_record(record));
  }
  Result<Index> open() { return Index::open({root_.path(), std::nullopt}); }

  test::TemporaryDirectory root_;
};

TEST_F(IndexOfOneRun, CountsWhatARefreshFound) {
  put("first", true);
  put("second", false);
  auto index = open();
  ASSERT_TRUE(index);
  const auto refreshed = index->refresh();
  ASSERT_TRUE(refreshed);
  EXPECT_EQ(refreshed->added, 2);
  EXPECT_EQ(refreshed->ok, 2);
  EXPECT_EQ(refreshed->corrupt, 0);
}

TEST_F(IndexOfOneRun, SeesANewFileWithoutBeingToldToRefresh) {
  auto index = open();
  ASSERT_TRUE(index);
  put("late", false);
  const auto paths = index->paths("verdict = 'fail'");
  ASSERT_TRUE(paths);
  ASSERT_EQ(paths->size(), 1U);
  EXPECT_EQ(paths->front().rfind("6.14.2-abc1234/late-", 0), 0U);
}

TEST_F(IndexOfOneRun, StopsWhenTheReaderHasEnough) {
  put("first", true);
  put("second", true);
  auto index = open();
  ASSERT_TRUE(index);
  int seen = 0;
  ASSERT_TRUE(index->select("select test_name from results", [&](const IndexRow&) {
    ++seen;
    return false;
  }));
  EXPECT_EQ(seen, 1);
}

TEST_F(IndexOfOneRun, RefusesAStatementThatWrites) {
  auto index = open();
  ASSERT_TRUE(index);
  const auto done = index->select("delete from sidecar", [](const IndexRow&) { return true; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::usage);
}

TEST(Index, ReportsAMissingRoot) {
  const auto index = Index::open({"/no/such/root", std::nullopt});
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace ktstr
