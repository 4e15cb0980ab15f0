// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>

#include "query/pool_values.hpp"
#include "sample_catalog.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

class RunNames : public ::testing::Test {
 protected:
  RunNames() {
    catalog_.add_directory("6.14.2-abc1234");
    catalog_.add_directory("6.14.2-abc1234", "job-1");
    catalog_.add_directory(".archive");
  }
  Result<NamedRun> find(std::string_view name) { return find_run(catalog_.database(), name); }
  std::string hint(std::string_view name) {
    const auto found = find(name);
    return found ? "found" : found.error().hint;
  }

  SampleCatalog catalog_;
};

TEST_F(RunNames, NameARunDirectoryOrOneJobOfIt) {
  const auto run = find("6.14.2-abc1234/");
  ASSERT_TRUE(run) << run.error().text();
  EXPECT_EQ(run->run_dir, "6.14.2-abc1234");
  EXPECT_FALSE(run->job);
  const auto job = find("6.14.2-abc1234/job-1");
  ASSERT_TRUE(job) << job.error().text();
  EXPECT_EQ(job->job, "job-1");
}

TEST_F(RunNames, SuggestTheNearestWhenAKeyIsMistyped) {
  EXPECT_NE(hint("6.14.2-abc123").find("did you mean 6.14.2-abc1234?"), std::string::npos);
  EXPECT_EQ(hint("nothing-like-any-of-the-runs").find("did you mean"), std::string::npos);
}

TEST_F(RunNames, NeverSuggestADotDirectoryButFindIt) {
  EXPECT_EQ(hint(".archiv").find("did you mean"), std::string::npos);
  EXPECT_TRUE(find(".archive"));
}

TEST_F(RunNames, AreRefusedWhereTheyCouldLeaveTheRoot) {
  for (const char* name : {"", "/", ".", "..", "../x", "/tmp/x", "6.14.2-abc1234/..", "a/b/c"}) {
    const auto found = find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, ErrorCode::usage);
    EXPECT_NE(found.error().message.find("can't be the name of a run"), std::string::npos) << name;
  }
}

TEST_F(RunNames, SayThatAJobIsMissingWithoutSuggestingItsOwnRun) {
  EXPECT_EQ(hint("6.14.2-abc1234/job-2").find("did you mean"), std::string::npos);
}

/// Without a catalog.
class RunDirectories : public ::testing::Test {
 protected:
  RunDirectories() {
    std::filesystem::create_directories(root_.path("6.14.2-abc1234/job-1"));
    std::filesystem::create_directories(root_.path(".archive"));
    root_.write("6.14.2-abc12345", "a file");
  }
  Result<std::string> find(std::string_view name) {
    return find_run_directory(system_file_system(), root_.path(), name);
  }

  TemporaryDirectory root_;
};

TEST_F(RunDirectories, AreFoundByTheSameNamesWithoutACatalog) {
  EXPECT_EQ(find("6.14.2-abc1234/").value(), root_.path("6.14.2-abc1234"));
  EXPECT_EQ(find("6.14.2-abc1234/job-1").value(), root_.path("6.14.2-abc1234/job-1"));
  EXPECT_EQ(find(".archive").value(), root_.path(".archive"));
  for (const char* name : {"", "/", ".", "..", "../x", "/tmp/x", "6.14.2-abc1234/..", "a/b/c"}) {
    ASSERT_FALSE(find(name)) << name;
    EXPECT_NE(find(name).error().message.find("can't be the name of a run"), std::string::npos);
  }
}

TEST_F(RunDirectories, ThatAreMistypedGetTheNearestDirectoryAndNoFile) {
  const auto found = find("6.14.2-abc12345");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::usage);
  EXPECT_NE(found.error().hint.find("did you mean 6.14.2-abc1234?"), std::string::npos);
  EXPECT_EQ(find(".archiv").error().hint.find("did you mean"), std::string::npos);
}

TEST_F(RunDirectories, OfARootThatIsNotThereAreNoUsageError) {
  const auto found = find_run_directory(system_file_system(), root_.path("none"), "run");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_EQ(found.error().message, "no such runs root");
  EXPECT_EQ(found.error().hint, "run the tests first, or name another with --root");
}

TEST(NoRunsRoot, IsOtherwiseAnErrorOfItsOwn) {
  const Error error = no_runs_root({ErrorCode::permission, "permission denied"}, "/r", "--root");
  EXPECT_EQ(error.text(), "/r: permission denied");
  EXPECT_EQ(error.hint, "");
}

}  // namespace
}  // namespace ktstr::test
