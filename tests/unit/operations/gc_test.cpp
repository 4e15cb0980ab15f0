// SPDX-License-Identifier: MIT
#include "operations/gc.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/archive_fixture.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

class ArchiveGc : public testing::Test {
 protected:
  std::int64_t number(const std::string& sql) {
    return archive_.database().execAndGet(sql).getInt64();
  }
  std::int64_t stored() { return archive_.tables().stored_bytes(); }

  TemporaryDirectory directory_;
  FilledArchive archive_{directory_.path("archive.sqlite3")};
  FakeClock clock_;
};

TEST_F(ArchiveGc, ChoosesNothingWithoutARule) {
  archive_.fill(10, "a");
  const auto plan = plan_gc(archive_.database(), {}, clock_);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_TRUE(plan->documents.empty());
  EXPECT_EQ(plan->kept_bytes, stored());
}

TEST_F(ArchiveGc, NeedsBothRulesToAgree) {
  archive_.fill(10, "a");
  GcPolicy policy;
  policy.keep_ns = 0;
  policy.keep_last = 1;  // each is the only one of its test
  auto plan = plan_gc(archive_.database(), policy, clock_);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_EQ(plan->results, 0);
  policy.keep_last = 0;
  plan = plan_gc(archive_.database(), policy, clock_);
  EXPECT_EQ(plan->results, 10);
}

TEST_F(ArchiveGc, KeepsADumpThatHasNoResultFromTheCountOfTheNewest) {
  archive_.put_dump({"6.14", "", "crashed-0123456789abcdef.failure-dump.json", "{}"});
  GcPolicy policy;
  policy.keep_last = 1;
  EXPECT_EQ(plan_gc(archive_.database(), policy, clock_)->dumps, 0);
  policy.keep_last.reset();
  policy.max_bytes = 0;
  EXPECT_EQ(plan_gc(archive_.database(), policy, clock_)->dumps, 1);
}

TEST_F(ArchiveGc, LeavesWhatWasSeenAgainSinceThePlan) {
  archive_.fill(3, "a");
  GcPolicy policy;
  policy.max_bytes = 0;
  auto plan = plan_gc(archive_.database(), policy, clock_);
  ASSERT_TRUE(plan) << plan.error().text();
  plan->planned_ns = 500;  // before they were seen
  ASSERT_TRUE(apply_gc(archive_.archive(), *plan, true, {}));
  EXPECT_EQ(number("SELECT count(*) FROM document WHERE stored_bytes > 0"), 3);
}

TEST_F(ArchiveGc, StopsBetweenTwoCommitsWhenAsked) {
  archive_.fill(200, "a");
  GcPolicy policy;
  policy.max_bytes = 0;
  const auto plan = plan_gc(archive_.database(), policy, clock_);
  int asked = 0;
  const auto applied = apply_gc(archive_.archive(), *plan, false, [&] { return ++asked > 2; });
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::interrupted);
  EXPECT_EQ(number("SELECT count(*) FROM document WHERE stored_bytes = 0"), 128);
  EXPECT_EQ(number("SELECT count(*) FROM document_bytes"), 72);
}

TEST_F(ArchiveGc, RefusesToGoOnWithAPinThatDoesNotWork) {
  archive_.fill(1, "a");
  archive_.database().exec("INSERT INTO pin VALUES('query', 'no_such_column = 1')");
  GcPolicy policy;
  policy.max_bytes = 0;
  const auto plan = plan_gc(archive_.database(), policy, clock_);
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("the pin query=no_such_column = 1"), std::string::npos);
}

TEST_F(ArchiveGc, CapDropsNothingBelowIt) {
  archive_.fill(10, "a");
  const auto report = enforce_archive_cap(archive_.archive(), stored(), clock_);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->results, 0);
  EXPECT_EQ(number("SELECT count(*) FROM document WHERE stored_bytes > 0"), 10);
}

TEST_F(ArchiveGc, CapDropsTheOldestUnpinnedAndMakesTheFileSmaller) {
  archive_.fill(400, "a");
  archive_.close_log();
  const auto size = [&] { return std::filesystem::file_size(archive_.archive().path()); };
  const auto before = size();
  ASSERT_TRUE(put_pin(archive_.database(), {"query", "test_name = 'a0'"}, clock_));
  const std::int64_t cap = stored() / 2;
  const auto report = enforce_archive_cap(archive_.archive(), cap, clock_);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_GT(report->results, 150);
  EXPECT_LE(stored(), cap);
  EXPECT_GT(stored(), cap / 2);
  EXPECT_LT(size(), before);
  const std::string kept =
      "SELECT count(*) FROM results JOIN documents USING(id) WHERE stored_bytes > 0 AND "
      "test_name = ";
  EXPECT_EQ(number(kept + "'a0'"), 1);
  EXPECT_EQ(number(kept + "'a1'"), 0);
  EXPECT_EQ(number(kept + "'a399'"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM results"), 400);
}

}  // namespace
}  // namespace ktstr::test
