// SPDX-License-Identifier: MIT
#include "query/failed_tests.hpp"

#include "sample_catalog.hpp"

namespace ktstr::test {
namespace {

using Names = std::vector<std::string>;

class FailedTestsOf : public ::testing::Test {
 protected:
  std::int64_t add_run(const std::string& name, std::int64_t mtime_ns, Value session = {}) {
    return catalog_.insert("directory", {{"run_dir", name},
                                         {"job", text("")},
                                         {"entry_mtime_ns", mtime_ns},
                                         {"session", std::move(session)}});
  }
  void add(std::int64_t directory, const char* test, const char* verdict,
           const char* status = "ok") {
    (void)catalog_.add_result(
        directory,
        {{"test_name", text(test)}, {"verdict", text(verdict)}, {"status", text(status)}});
  }
  FailedTests find(bool in_whole_pool = false) {
    auto found = find_failed_tests(catalog_.database(), in_whole_pool);
    EXPECT_TRUE(found) << found.error().text();
    return found.value_or(FailedTests{});
  }

  SampleCatalog catalog_;
};

TEST_F(FailedTestsOf, TheLastSessionAreThoseOfEveryDirectoryWithTheNewestOnesToken) {
  add(add_run("a", 10, text("now")), "in_a", "fail");
  add(add_run("b", 30, text("now")), "in_b", "fail");
  add(add_run("c", 20, text("before")), "in_c", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.scope.session, "now");
  EXPECT_EQ(found.scope.run_dirs, (Names{"a", "b"}));
  EXPECT_EQ(found.names, (Names{"in_a", "in_b"}));
  EXPECT_EQ(found.scope_results, 2);
  EXPECT_EQ(found.pool_results, 3);
}

TEST_F(FailedTestsOf, ADirectoryWithoutTokenStandForThemselves) {
  add(add_run("a", 10), "in_a", "fail");
  add(add_run("b", 30), "in_b", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.scope.session, std::nullopt);
  EXPECT_EQ(found.scope.run_dirs, Names{"b"});
  EXPECT_EQ(found.names, Names{"in_b"});
}

TEST_F(FailedTestsOf, EquallyNewDirectoriesAreThoseOfTheLastName) {
  add(add_run("b", 10), "in_b", "fail");
  add(add_run("c", 10), "in_c", "fail");
  add(add_run("a", 10), "in_a", "fail");
  EXPECT_EQ(find().names, Names{"in_c"});
}

TEST_F(FailedTestsOf, JobDirectoriesBelongToTheirRunIfItHasNoToken) {
  add_run("a", 10);
  add(catalog_.add_directory("a", "job-1"), "in_job", "fail");
  EXPECT_EQ(find().names, Names{"in_job"});
  EXPECT_EQ(find().left_in_jobs, 0);
}

TEST_F(FailedTestsOf, JobDirectoriesAreLeftOutOfASessionAndCountedByTest) {
  add(add_run("a", 10, text("now")), "both", "fail");
  add(add_run("other", 5, text("before")), "elsewhere", "fail");
  const auto job = catalog_.add_directory("a", "job-1");
  for (const char* test : {"in_job", "in_job", "both"}) add(job, test, "fail");
  add(job, "passed", "pass");
  add(catalog_.add_directory("other", "job-1"), "elsewhere_too", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.names, Names{"both"});
  EXPECT_EQ(found.scope_results, 1);
  EXPECT_EQ(found.left_in_jobs, 1);
  EXPECT_EQ(find(true).names, (Names{"both", "elsewhere", "elsewhere_too", "in_job"}));
}

TEST_F(FailedTestsOf, TheWholePoolAreThoseOfDotDirectoriesToo) {
  add(add_run("a", 10, text("now")), "in_a", "fail");
  add(add_run("b", 30), "in_b", "fail");
  add(add_run(".old", 40), "in_dot", "fail");
  const FailedTests found = find(true);
  EXPECT_TRUE(found.scope.is_whole_pool);
  EXPECT_EQ(found.scope.session, std::nullopt);
  EXPECT_EQ(found.scope.run_dirs, (Names{".old", "a", "b"}));
  EXPECT_EQ(found.names, (Names{"in_a", "in_b", "in_dot"}));
  EXPECT_EQ(find().names, Names{"in_b"});
}

TEST_F(FailedTestsOf, DotDirectoriesAloneAreTheWholePool) {
  add(add_run(".old", 40), "in_dot", "fail");
  EXPECT_TRUE(find().scope.is_whole_pool);
  EXPECT_EQ(find().names, Names{"in_dot"});
}

TEST_F(FailedTestsOf, ARunAreOnlyItsFailuresThatTheHarnessWouldLoad) {
  const auto run = add_run("a", 10);
  add(run, "passed", "pass");
  add(run, "skipped", "skip");
  add(run, "unjudged", "inconclusive");
  add(run, "drifted", "fail", "drift");
  add(run, "failed", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.names, Names{"failed"});
  EXPECT_EQ(found.scope_results, 4);
}

TEST_F(FailedTestsOf, ARunAreDistinctAndInByteOrder) {
  const auto run = add_run("a", 10);
  for (const char* name : {"b", "\xc3\xa4", "a", "B", "b", "a"}) add(run, name, "fail");
  EXPECT_EQ(find().names, (Names{"B", "a", "b", "\xc3\xa4"}));
}

TEST_F(FailedTestsOf, AnEmptyPoolAreNone) {
  EXPECT_EQ(find().pool_results, 0);
  EXPECT_TRUE(find().names.empty());
}

TEST_F(FailedTestsOf, AnEmptyDirectoryDoNotHideTheLastSession) {
  add(add_run("a", 10), "in_a", "fail");
  add_run("b", 30, text("now"));
  EXPECT_EQ(find().scope.run_dirs, Names{"a"});
  EXPECT_EQ(find().names, Names{"in_a"});
}

TEST_F(FailedTestsOf, ADirectoryOfBrokenFilesAreNoneWhateverTheOthersHold) {
  add(add_run("a", 10), "in_a", "fail");
  add(add_run("b", 30), "in_b", "fail", "corrupt");
  const FailedTests found = find();
  EXPECT_EQ(found.scope.run_dirs, Names{"b"});
  EXPECT_TRUE(found.names.empty());
  EXPECT_EQ(found.scope_results, 0);
  EXPECT_EQ(found.pool_results, 1);
}

TEST_F(FailedTestsOf, ARunWithoutResultsAreNoScopeAtAll) {
  add_run("a", 10, text("now"));
  EXPECT_EQ(find().scope.session, std::nullopt);
  EXPECT_TRUE(find().scope.run_dirs.empty());
}

TEST_F(FailedTestsOf, ASessionAreCountedByVerdictAndByTest) {
  const auto first = add_run("a", 10, text("now"));
  const auto second = add_run("b", 20, text("now"));
  add(first, "one", "pass");
  add(second, "one", "fail");
  add(second, "one", "fail");
  add(second, "two", "skip");
  add(second, "three", "inconclusive");
  add(second, "four", "fail", "drift");
  add(add_run("c", 30, text("before")), "one", "pass");
  const auto verdicts = session_verdicts(catalog_.database(), "now");
  ASSERT_TRUE(verdicts) << verdicts.error().text();
  EXPECT_EQ(verdicts->size(), 3U);
  EXPECT_EQ(verdicts->at("one").pass, 1);
  EXPECT_EQ(verdicts->at("one").fail, 2);
  EXPECT_EQ(verdicts->at("two").skip, 1);
  EXPECT_EQ(verdicts->at("three").inconclusive, 1);
}

TEST_F(FailedTestsOf, ASessionAreNotCountedInFilesThatWereThereBefore) {
  const auto run = add_run("a", 10, text("now"));
  const auto put = [&](const char* file, std::int64_t inode, std::int64_t mtime_ns) {
    return catalog_.add_result(run, {{"file_name", text(file)},
                                     {"test_name", text(file)},
                                     {"inode", inode},
                                     {"mtime_ns", mtime_ns}});
  };
  put("same", 1, 100);
  const auto renamed = put("renamed", 2, 100);
  const auto edited = put("edited", 3, 100);
  const auto before = session_files(catalog_.database(), "now");
  ASSERT_TRUE(before) << before.error().text();
  EXPECT_EQ(before->size(), 3U);
  const auto change = [&](std::int64_t row, const char* setting) {
    catalog_.database().exec(std::string("UPDATE sidecar SET ") + setting +
                             " WHERE sidecar_id = " + std::to_string(row));
  };
  change(renamed, "inode = 9");
  change(edited, "mtime_ns = 101");
  put("new", 4, 100);
  const auto verdicts = session_verdicts(catalog_.database(), "now", *before);
  ASSERT_TRUE(verdicts) << verdicts.error().text();
  Names names;
  for (const auto& verdict : *verdicts) names.push_back(verdict.first);
  EXPECT_EQ(names, (Names{"edited", "new", "renamed"}));
}

TEST_F(FailedTestsOf, AnotherSessionAreToldBeforeTheyAreReplaced) {
  add(add_run("a", 10, text("before")), "one", "pass");
  add(add_run("b", 10), "two", "fail");
  add_run("empty", 10, text("before"));
  const auto older = [&](const char* run) {
    auto found = find_older_results(catalog_.database(), run, "now");
    EXPECT_TRUE(found);
    return found.value_or(std::nullopt);
  };
  ASSERT_TRUE(older("a"));
  EXPECT_EQ(older("a")->session, "before");
  EXPECT_EQ(older("a")->files, 1);
  ASSERT_TRUE(older("b"));
  EXPECT_EQ(older("b")->session, std::nullopt);
  EXPECT_FALSE(older("empty"));
  EXPECT_FALSE(older("missing"));
  const auto own = find_older_results(catalog_.database(), "a", "before");
  ASSERT_TRUE(own);
  EXPECT_FALSE(*own);
}

}  // namespace
}  // namespace ktstr::test
