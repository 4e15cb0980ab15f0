// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "environment/git.hpp"
#include "unit/environment/git_sandbox.hpp"

namespace ktstr::test {
namespace {

Variables only(const std::string& name, const std::string& value) {
  return [name, value](const std::string& asked) {
    return asked == name ? std::optional<std::string>(value) : std::nullopt;
  };
}

Variables nothing() {
  return [](const std::string&) { return std::optional<std::string>(); };
}

/// A probe that counts, and answers what it is told.
struct CountedProbe {
  int calls = 0;
  std::optional<std::string> answer = {};
  std::string directory = {};
  CommitSearch search = CommitSearch::exact;

  CommitMemo memo() {
    return CommitMemo([this](const std::string& asked, CommitSearch how) {
      ++calls;
      directory = asked;
      search = how;
      return answer;
    });
  }
};

TEST(CommitMemo, RemembersTheProjectsCommitWhateverTheDirectory) {
  CountedProbe probe;
  CommitMemo memo = probe.memo();
  probe.answer = "abc1234";
  EXPECT_EQ(memo.project("/a"), "abc1234");
  probe.answer = "def5678";
  EXPECT_EQ(memo.project("/b"), "abc1234");
  EXPECT_EQ(memo.project(""), "abc1234");
  EXPECT_EQ(probe.calls, 1);
}

TEST(CommitMemo, SearchesUpwardForTheProjectAndNotForTheKernel) {
  CountedProbe probe;
  CommitMemo memo = probe.memo();
  static_cast<void>(memo.project("/a"));
  EXPECT_EQ(probe.search, CommitSearch::upward);
  static_cast<void>(memo.kernel("/b"));
  EXPECT_EQ(probe.search, CommitSearch::exact);
  EXPECT_EQ(probe.directory, "/b");
}

TEST(CommitMemo, AsksAgainAfterAFailure) {
  CountedProbe probe;
  CommitMemo memo = probe.memo();
  EXPECT_EQ(memo.project("/a"), std::nullopt);
  EXPECT_EQ(memo.kernel("/a"), std::nullopt);
  probe.answer = "abc1234";
  EXPECT_EQ(memo.project("/a"), "abc1234");
  EXPECT_EQ(memo.kernel("/a"), "abc1234");
  EXPECT_EQ(probe.calls, 4);
}

TEST(CommitMemo, RemembersEachKernelDirectoryOnItsOwn) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("a"));
  std::filesystem::create_directory(directory.path("b"));
  CountedProbe probe;
  CommitMemo memo = probe.memo();
  probe.answer = "aaaaaaa";
  EXPECT_EQ(memo.kernel(directory.path("a")), "aaaaaaa");
  probe.answer = "bbbbbbb";
  EXPECT_EQ(memo.kernel(directory.path("b")), "bbbbbbb");
  EXPECT_EQ(memo.kernel(directory.path("a")), "aaaaaaa");
}

TEST(CommitMemo, KnowsAKernelDirectoryByEveryPathToIt) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("a"));
  std::filesystem::create_directory_symlink("a", directory.path("link"));
  CountedProbe probe;
  CommitMemo memo = probe.memo();
  probe.answer = "aaaaaaa";
  EXPECT_EQ(memo.kernel(directory.path("link")), "aaaaaaa");
  EXPECT_EQ(memo.kernel(directory.path("a/../a/.")), "aaaaaaa");
  EXPECT_EQ(probe.calls, 1);
}

class DetectCommit : public GitSandbox {};

TEST_F(DetectCommit, TakesTheProjectsCommitFromTheEnvironmentVerbatim) {
  EXPECT_EQ(detect_project_commit(only("KTSTR_PROJECT_COMMIT", " v1.2 \n")), " v1.2 \n");
}

// The process remembers: each of these asks in a child of its own, which prints the answers.
std::string shown(const std::optional<std::string>& commit) { return commit.value_or("none"); }

TEST_F(DetectCommit, TakesAnEmptyVariableOrOneThatIsNotUtf8ForUnset) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  make_repository("r");
  EXPECT_EXIT(
      {
        std::filesystem::current_path(path("r/kernel"));
        const auto empty = detect_project_commit(only("KTSTR_PROJECT_COMMIT", ""));
        const auto bytes = detect_project_commit(only("KTSTR_PROJECT_COMMIT", "\xff"));
        std::fprintf(stderr, "%s %s", shown(empty).c_str(), shown(bytes).c_str());
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "7f0ddb2 7f0ddb2");
}

TEST_F(DetectCommit, KeepsTheFirstProjectThatItFinds) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  make_repository("r");
  write("plain/file", "x");
  EXPECT_EXIT(
      {
        std::filesystem::current_path(path("plain"));
        const auto before = detect_project_commit(nothing());
        std::filesystem::current_path(path("r/kernel"));
        const auto found = detect_project_commit(nothing());
        std::filesystem::current_path(path("plain"));
        std::filesystem::remove_all(path("plain"));
        const auto after = detect_project_commit(nothing());
        const auto named = detect_project_commit(only("KTSTR_PROJECT_COMMIT", "label"));
        std::fprintf(stderr, "%s %s %s %s", shown(before).c_str(), shown(found).c_str(),
                     shown(after).c_str(), shown(named).c_str());
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "none 7f0ddb2 7f0ddb2 label");
}

TEST_F(DetectCommit, KnowsNoProjectFromADirectoryThatWasRemoved) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  write("plain/file", "x");
  EXPECT_EXIT(
      {
        std::filesystem::current_path(path("plain"));
        std::filesystem::remove_all(path("plain"));
        std::fprintf(stderr, "%s", shown(detect_project_commit(nothing())).c_str());
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "none");
}

TEST_F(DetectCommit, KeepsAKernelsCommitButNotItsAbsence) {
  std::filesystem::create_directory(path("r"));
  EXPECT_EQ(detect_kernel_commit(path("r")), std::nullopt);
  make_repository("r");
  EXPECT_EQ(detect_kernel_commit(path("r")), "7f0ddb2");
  write("r/Makefile", "changed\n");
  EXPECT_EQ(exact("r"), "7f0ddb2-dirty");
  EXPECT_EQ(detect_kernel_commit(path("r")), "7f0ddb2");
}

TEST_F(DetectCommit, DoesNotTakeAParentsCommitForTheKernels) {
  make_repository("r");
  EXPECT_EQ(detect_kernel_commit(path("r/kernel")), std::nullopt);
}

}  // namespace
}  // namespace ktstr::test
