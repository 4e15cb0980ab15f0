// SPDX-License-Identifier: MIT
#include "environment/git.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "ktstr/run.hpp"
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

// Which commit a directory is at.

// libgit2 1.5 forgets a buffer of its regular expressions for each configured value of a repository
// in format 1 (a sparse checkout, a partial clone). Asked for by the leak sanitizer alone.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpcre2-8.so\n"; }

namespace ktstr::test {
namespace {

class GitProbe : public GitSandbox {};

TEST_F(GitProbe, SaysSevenDigitsOfHead) {
  make_repository("linux");
  // The dates, names and contents are fixed, so the commit is.
  EXPECT_EQ(exact("linux"), "7f0ddb2");
  EXPECT_EQ(head("linux"), "7f0ddb2");
}

TEST_F(GitProbe, KnowsNoCommitOfAPlainDirectory) {
  write("plain/file", "x");
  EXPECT_EQ(exact("plain"), std::nullopt);
  EXPECT_EQ(upward("plain"), std::nullopt);
}

TEST_F(GitProbe, KnowsNoCommitOfADirectoryThatIsNotThere) {
  EXPECT_EQ(exact("absent"), std::nullopt);
  EXPECT_EQ(upward("absent"), std::nullopt);
}

TEST_F(GitProbe, TakesAnEmptyPathOrOneWithANulForNoDirectory) {
  make_repository("linux");
  std::filesystem::current_path(path("linux"));
  EXPECT_EQ(commit_at("", CommitSearch::upward), std::nullopt);
  EXPECT_EQ(commit_at(path("linux") + std::string("\0x", 2), CommitSearch::exact), std::nullopt);
  std::filesystem::current_path("/");
}

TEST_F(GitProbe, KnowsNoCommitBeforeTheFirst) {
  write("fresh/file", "x");
  shell("fresh", "git init -q -b main . && git add -A");
  EXPECT_EQ(exact("fresh"), std::nullopt);
  EXPECT_EQ(upward("fresh"), std::nullopt);
}

TEST_F(GitProbe, GoesUpFromASubdirectoryWhenAskedTo) {
  make_repository("linux");
  EXPECT_EQ(upward("linux/kernel/sched"), head("linux"));
}

TEST_F(GitProbe, DoesNotGoUpWhenTheDirectoryHasToBeTheTop) {
  make_repository("linux");
  EXPECT_EQ(exact("linux/kernel/sched"), std::nullopt);
}

TEST_F(GitProbe, FindsTheNearestOfTwoNestedRepositories) {
  make_repository("linux");
  make_repository("linux/nested");
  shell("linux/nested", "echo more >> Makefile && git commit -q -a -m second");
  ASSERT_NE(head("linux"), head("linux/nested"));
  EXPECT_EQ(upward("linux/nested/kernel"), head("linux/nested"));
}

TEST_F(GitProbe, ReadsADetachedHead) {
  make_repository("linux");
  shell("linux", "git checkout -q --detach && git branch -D main");
  EXPECT_EQ(exact("linux"), head("linux"));
}

TEST_F(GitProbe, ReadsPackedReferencesAndObjects) {
  make_repository("linux");
  shell("linux", "git pack-refs --all && git gc -q && test ! -e .git/refs/heads/main");
  EXPECT_EQ(exact("linux"), head("linux"));
}

TEST_F(GitProbe, ReadsALinkedWorktree) {
  make_repository("linux");
  shell("linux",
        "git worktree add -q -b topic ../topic && cd ../topic && echo 2 >> Makefile &&"
        " git commit -q -a -m second");
  ASSERT_NE(head("topic"), head("linux"));
  expect_clean("topic");
  shell("topic", "echo 3 >> Makefile");
  expect_dirty("topic");
  expect_clean("linux");
}

TEST_F(GitProbe, FollowsAGitFile) {
  std::filesystem::create_directory(path("store"));
  make_repository("linux", "--separate-git-dir=../store/linux.git");
  ASSERT_TRUE(std::filesystem::is_regular_file(path("linux/.git")));
  expect_clean("linux");
  shell("linux", "echo 3 >> Makefile");
  expect_dirty("linux");
}

TEST_F(GitProbe, ReadsASubmoduleAsARepositoryOfItsOwn) {
  make_repository("library");
  make_repository("linux");
  shell("linux", "git submodule add -q ../library lib && git commit -q -m sub");
  shell("linux/lib", "echo 2 >> Makefile");
  EXPECT_EQ(exact("linux/lib"), dirty_head("library"));
}

TEST_F(GitProbe, ReadsABareRepository) {
  make_repository("linux");
  shell("linux", "git clone -q --bare . ../linux.git");
  EXPECT_EQ(exact("linux.git"), head("linux"));
}

TEST_F(GitProbe, ReadsAShallowClone) {
  make_repository("linux");
  shell("linux",
        "echo 2 >> Makefile && git commit -q -a -m second &&"
        " git clone -q --depth 1 \"file://$PWD\" ../shallow");
  expect_clean("shallow");
}

TEST_F(GitProbe, ReadsAPartialClone) {
  make_repository("linux");
  shell("linux",
        "git config uploadpack.allowFilter true &&"
        " git clone -q --filter=blob:limit=4k \"file://$PWD\" ../partial &&"
        " cd ../partial && git config core.repositoryFormatVersion 1 &&"
        " git config extensions.partialClone origin");
  expect_clean("partial");
  shell("partial", "echo 3 >> Makefile");
  expect_dirty("partial");
}

TEST_F(GitProbe, KnowsNoCommitOfARepositoryWithSha256Names) {
  make_repository("linux", "--object-format=sha256");
  EXPECT_EQ(exact("linux"), std::nullopt);
}

TEST_F(GitProbe, KnowsNoCommitWhoseObjectIsMissing) {
  make_repository("linux");
  ASSERT_EQ(exact("linux"), head("linux"));
  shell("linux",
        "id=$(git rev-parse HEAD) && rm -f .git/objects/$(echo $id | cut -c1-2)/"
        "$(echo $id | cut -c3-)");
  EXPECT_EQ(exact("linux"), std::nullopt);
}

TEST_F(GitProbe, CountsAsChangedWhenHeadsTreeIsMissing) {
  make_repository("linux");
  ASSERT_EQ(exact("linux"), head("linux"));
  shell("linux",
        "id=$(git rev-parse HEAD^{tree}) && rm -f .git/objects/$(echo $id | cut -c1-2)/"
        "$(echo $id | cut -c3-)");
  EXPECT_EQ(exact("linux"), dirty_head("linux"));
}

TEST_F(GitProbe, KnowsNoCommitWhenHeadIsGarbage) {
  make_repository("linux");
  write("linux/.git/HEAD", "garbage\n");
  EXPECT_EQ(exact("linux"), std::nullopt);
}

TEST_F(GitProbe, ReadsARepositoryOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files to another user";
  make_repository("linux");
  shell("linux", "chown -R 65534:65534 .");
  EXPECT_EQ(exact("linux"), head("linux"));
  shell("linux", "echo 2 >> Makefile");
  EXPECT_EQ(exact("linux"), dirty_head("linux"));
}

TEST_F(GitProbe, IgnoresTheVariablesThatPointGitElsewhere) {
  make_repository("linux");
  make_repository("other");
  shell("other", "echo 2 >> Makefile && git commit -q -a -m second");
  ::setenv("GIT_DIR", path("other/.git").c_str(), 1);
  const auto found = exact("linux");
  ::unsetenv("GIT_DIR");
  EXPECT_EQ(found, head("linux"));
}

}  // namespace
}  // namespace ktstr::test
