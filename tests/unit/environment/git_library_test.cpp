// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "environment/places.hpp"
#include "unit/environment/git_sandbox.hpp"

// Machines without the git command: libgit2 compares, and where it can't, nobody can tell.

namespace ktstr::test {
namespace {

/// A PATH without git, as long as it lives.
class NoGit {
 public:
  NoGit() { ::setenv("PATH", "/nowhere", 1); }
  NoGit(const NoGit&) = delete;
  NoGit& operator=(const NoGit&) = delete;
  ~NoGit() { ::setenv("PATH", before_.c_str(), 1); }

 private:
  const std::string before_ = std::getenv("PATH");
};

class GitByLibrary : public GitSandbox {
 protected:
  GitByLibrary() { make_repository("r"); }

  [[nodiscard]] std::optional<std::string> without_git(const std::string& repository) const {
    const NoGit no_git;
    return exact(repository);
  }
  void expect_seen_clean(const std::string& line) const {
    shell("r", line);
    EXPECT_EQ(without_git("r"), head("r")) << line;
  }
  void expect_seen_dirty(const std::string& line) const {
    shell("r", line);
    EXPECT_EQ(without_git("r"), dirty_head("r")) << line;
  }
};

TEST_F(GitByLibrary, SeesNoChangesInACommittedTree) {
  expect_seen_clean(":");
  expect_seen_clean("touch Makefile");
  expect_seen_clean("echo > untracked");
  expect_seen_clean("git update-index --assume-unchanged Makefile && echo 2 >> Makefile");
}

TEST_F(GitByLibrary, SeesAChangedFile) { expect_seen_dirty("echo 2 >> Makefile"); }

TEST_F(GitByLibrary, SeesAFileOfTheSameSize) {
  expect_seen_dirty("echo 1 > Makefile && git commit -q -a -m 1 && echo 2 > Makefile");
}

TEST_F(GitByLibrary, SeesAStagedFile) {
  expect_seen_dirty(
      "cp Makefile ../kept && echo 2 >> Makefile && git add Makefile &&"
      " cp ../kept Makefile");
}

TEST_F(GitByLibrary, SeesADeletedFile) { expect_seen_dirty("rm Makefile"); }

TEST_F(GitByLibrary, SeesAFileAddedByIntentOnly) {
  expect_seen_dirty("echo > new && git add -N new");
}

TEST_F(GitByLibrary, SeesAnExecutableBit) { expect_seen_dirty("chmod +x tools/run.sh"); }

TEST_F(GitByLibrary, LeavesOutASparseCheckoutsMissingFiles) {
  expect_seen_clean("git sparse-checkout set --cone tools && test ! -e kernel");
  expect_seen_dirty("echo 2 >> tools/run.sh");
}

TEST_F(GitByLibrary, SeesASubmodulesStagedCommitOnly) {
  make_repository("library");
  expect_seen_clean("git submodule add -q ../library lib && git commit -q -m sub");
  expect_seen_clean("cd lib && echo 2 >> Makefile");
  expect_seen_clean("cd lib && git commit -q -a -m 2");
  expect_seen_dirty("git add lib");
}

TEST_F(GitByLibrary, CountsAnIndexThatItCannotReadAsChanged) {
  expect_seen_dirty("git update-index --split-index");
  expect_seen_clean("git update-index --no-split-index");
  expect_seen_dirty("git sparse-checkout set --cone --sparse-index tools");
  expect_seen_clean("git sparse-checkout disable");
  drop_checksum("r/.git/index");
  EXPECT_EQ(without_git("r"), dirty_head("r"));
}

TEST_F(GitByLibrary, CountsATreeAsChangedWhereAFilterIsAProgram) {
  expect_seen_clean("git config filter.shout.smudge cat && git config filter.shout.clean ''");
  expect_seen_dirty("git config filter.shout.clean 'tr a-z A-Z'");
}

TEST_F(GitByLibrary, SeesNoSignInAMissingIndex) {
  expect_seen_clean("echo 2 >> Makefile && rm .git/index");
}

TEST_F(GitByLibrary, WalksToTheFirstCommit) {
  const std::string expected = "git:" + shell("r", "git rev-parse HEAD").substr(0, 40);
  shell("r", "echo 2 >> Makefile && git commit -q -a -m 2");
  const NoGit no_git;
  EXPECT_EQ(project_key(path("r")), expected);
}

TEST_F(GitByLibrary, IsLeftBehindWhenItSpinsOverATruncatedCommit) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const std::string expected = dirty_head("r");
  shell("r",
        "id=$(git rev-parse HEAD) && f=.git/objects/$(echo $id | cut -c1-2)/$(echo $id | cut -c3-)"
        " && chmod u+w $f && truncate -s 60 $f");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EXIT(
      {
        const NoGit no_git;
        const auto commit = exact("r");
        const auto key = project_key(path("r"));
        const bool is_unknown = !key && key.error().code == ErrorCode::timeout;
        std::_Exit(commit == expected && is_unknown ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "counts as");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
}

}  // namespace
}  // namespace ktstr::test
