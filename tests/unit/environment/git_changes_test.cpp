// SPDX-License-Identifier: MIT
// What makes a commit "-dirty". Where both can tell, the git command is asked too.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "unit/environment/git_sandbox.hpp"

namespace ktstr::test {
namespace {

class GitChanges : public GitSandbox {
 protected:
  GitChanges() { make_repository("r"); }

  /// In r/lib.
  void make_submodule() const {
    make_repository("library");
    shell("r", "git submodule add -q ../library lib && git commit -q -m sub");
  }
};

TEST_F(GitChanges, ACommittedTreeHasNone) { expect_clean("r"); }

TEST_F(GitChanges, AModifiedFileIsOne) {
  write("r/kernel/sched/core.c", "int changed_a_lot;\n");
  expect_dirty("r");
}

TEST_F(GitChanges, AFileOfTheSameSizeWithOtherContentIsOne) {
  write("r/kernel/sched/core.c", "int cora;\n");
  expect_dirty("r");
}

TEST_F(GitChanges, AStagedFileIsOneEvenIfTheWorktreeAgrees) {
  shell("r", "echo more >> Makefile && git add Makefile");
  expect_dirty("r");
}

TEST_F(GitChanges, AStagedChangeThatTheWorktreeUndoesIsOne) {
  shell("r",
        "cp Makefile ../kept && echo more >> Makefile && git add Makefile &&"
        " cp ../kept Makefile");
  expect_dirty("r");
}

TEST_F(GitChanges, AnAddedFileIsOne) {
  shell("r", "echo new > new && git add new");
  expect_dirty("r");
}

TEST_F(GitChanges, AFileAddedByIntentOnlyIsOne) {
  shell("r", "echo new > new && git add -N new");
  expect_dirty("r");
}

TEST_F(GitChanges, ADeletedFileIsOne) {
  shell("r", "rm tools/run.sh");
  expect_dirty("r");
}

TEST_F(GitChanges, ADeletedDirectoryIsOne) {
  shell("r", "rm -r kernel");
  expect_dirty("r");
}

TEST_F(GitChanges, AFileRemovedFromTheIndexOnlyIsOne) {
  shell("r", "git rm -q --cached tools/run.sh");
  expect_dirty("r");
}

TEST_F(GitChanges, AnExecutableBitIsOne) {
  shell("r", "chmod +x tools/run.sh");
  expect_dirty("r");
}

TEST_F(GitChanges, AnExecutableBitIsNoneWhereFileModesAreNotTrusted) {
  shell("r", "git config core.fileMode false && chmod +x tools/run.sh");
  expect_clean("r");
}

TEST_F(GitChanges, OtherModeBitsAreNone) {
  shell("r", "chmod 600 tools/run.sh");
  expect_clean("r");
}

TEST_F(GitChanges, AFileInPlaceOfALinkIsOne) {
  shell("r", "ln -s Makefile link && git add link && git commit -q -m link");
  expect_clean("r");
  shell("r", "rm link && printf Makefile > link");
  expect_dirty("r");
}

TEST_F(GitChanges, AFileInPlaceOfALinkIsNoneWhereThereAreNoLinks) {
  shell("r",
        "ln -s Makefile link && git add link && git commit -q -m link &&"
        " git config core.symlinks false && rm link && printf Makefile > link");
  expect_clean("r");
}

TEST_F(GitChanges, ALinkToElsewhereIsOne) {
  shell("r",
        "ln -s Makefile link && git add link && git commit -q -m link &&"
        " ln -sfn Makefilf link");
  expect_dirty("r");
}

TEST_F(GitChanges, ALinkThatWasMadeAnewIsNone) {
  shell("r",
        "ln -s Makefile link && git add link && git commit -q -m link && sleep 0.03 &&"
        " ln -sfn Makefile link");
  expect_clean("r");
}

TEST_F(GitChanges, ALinkToADirectoryInPlaceOfItIsOne) {
  shell("r", "mv kernel ../elsewhere && ln -s ../elsewhere kernel");
  expect_dirty("r");
}

TEST_F(GitChanges, ADirectoryInPlaceOfAFileIsOne) {
  shell("r", "rm Makefile && mkdir Makefile");
  expect_dirty("r");
}

TEST_F(GitChanges, AFileInPlaceOfADirectoryIsOne) {
  shell("r", "rm -r kernel && echo > kernel");
  expect_dirty("r");
}

TEST_F(GitChanges, AFifoInPlaceOfAFileIsOneAndNobodyWaitsForIt) {
  shell("r", "rm Makefile && mkfifo Makefile");
  expect_dirty("r");
}

TEST_F(GitChanges, UntrackedFilesAreNone) {
  shell("r", "echo > untracked && mkdir -p kernel/new && echo > kernel/new/file");
  expect_clean("r");
}

TEST_F(GitChanges, AConflictIsOne) {
  shell("r",
        "git checkout -q -b a && echo a > Makefile && git commit -q -a -m a &&"
        " git checkout -q main && echo b > Makefile && git commit -q -a -m b &&"
        " ! git merge -q a");
  expect_dirty("r");
}

TEST_F(GitChanges, ATouchedFileIsNone) {
  shell("r", "touch Makefile kernel/sched/core.c");
  expect_clean("r");
}

TEST_F(GitChanges, ACopyOfTheWholeTreeIsNone) {
  shell(".", "cp -r r copy");
  expect_clean("copy");
}

TEST_F(GitChanges, AnEmptyFileIsNone) {
  shell("r", "touch empty && git add empty && git commit -q -m empty");
  expect_clean("r");
  shell("r", "touch empty");
  expect_clean("r");
  shell("r", "echo > empty");
  expect_dirty("r");
}

TEST_F(GitChanges, ASubmodulesOwnTreeIsNone) {
  make_submodule();
  expect_clean("r");
  shell("r", "echo 2 >> lib/Makefile");
  expect_clean("r");
  shell("r/lib", "git commit -q -a -m second");
  expect_clean("r");
  shell("r", "rm -r lib");
  expect_clean("r");
}

TEST_F(GitChanges, ASubmodulesCommitThatIsStagedIsOne) {
  make_submodule();
  shell("r/lib", "echo 2 >> Makefile && git commit -q -a -m second");
  shell("r", "git add lib");
  EXPECT_EQ(exact("r"), dirty_head("r"));
}

TEST_F(GitChanges, ASubmoduleThatIsToBeIgnoredIsOneAllTheSameOnceItIsStaged) {
  make_submodule();
  shell("r", "git config -f .gitmodules submodule.lib.ignore all && git commit -q -a -m ignore");
  shell("r/lib", "echo 2 >> Makefile && git commit -q -a -m second");
  expect_clean("r");
  shell("r", "git add -f lib");
  EXPECT_EQ(exact("r"), dirty_head("r"));
}

TEST_F(GitChanges, AFileThatGitIsToldToAssumeUnchangedIsNone) {
  shell("r", "git update-index --assume-unchanged Makefile && echo 2 >> Makefile");
  expect_clean("r");
}

TEST_F(GitChanges, ASparseCheckoutIsNone) {
  shell("r", "git sparse-checkout set --cone tools && test ! -e kernel");
  expect_clean("r");
  shell("r", "echo 2 >> tools/run.sh");
  expect_dirty("r");
}

TEST_F(GitChanges, AreFoundEntryByEntryWhereTheIndexKeepsNoTree) {
  shell("r",
        "git ls-files -s > ../entries && rm .git/index &&"
        " git update-index --index-info < ../entries && git update-index -q --refresh &&"
        " ! grep -q TREE .git/index");
  expect_clean("r");
  shell("r", "echo 2 >> Makefile && git add Makefile");
  expect_dirty("r");
}

TEST_F(GitChanges, VersionFourOfTheIndexIsRead) {
  shell("r", "git update-index --index-version 4");
  expect_clean("r");
  shell("r", "echo 2 >> kernel/sched/core.c");
  expect_dirty("r");
}

TEST_F(GitChanges, AnIndexWithoutAChecksumIsRead) {
  shell("r", "git config index.skipHash true && git update-index --force-write-index");
  drop_checksum("r/.git/index");  // as a newer git writes it
  expect_clean("r");
  shell("r", "echo 2 >> kernel/sched/core.c");
  expect_dirty("r");
}

TEST_F(GitChanges, ASplitIndexIsRead) {
  shell("r", "git update-index --split-index");
  expect_clean("r");
  shell("r", "echo 2 >> kernel/sched/core.c");
  expect_dirty("r");
}

TEST_F(GitChanges, ASparseIndexIsRead) {
  shell("r", "git sparse-checkout set --cone --sparse-index tools");
  ASSERT_NE(shell("r", "git ls-files --sparse").find("kernel/\n"), std::string::npos);
  expect_clean("r");
  shell("r", "echo 2 >> tools/run.sh");
  expect_dirty("r");
}

TEST_F(GitChanges, ADirectoryThatMayBePassedButNotListedIsRead) {
  shell("r", "chmod 311 kernel/sched");
  const auto found = exact("r");
  shell("r", "chmod 755 kernel/sched");
  EXPECT_EQ(found, head("r"));
}

TEST_F(GitChanges, AreFoundInALargeTree) {
  shell("r",
        "for d in a b c d; do mkdir -p $d/deep; for i in $(seq 500); do echo $i >"
        " $d/deep/$i; done; done && git add -A && git commit -q -m many");
  expect_clean("r");
  shell("r", "touch */deep/*");
  expect_clean("r");
  shell("r", "printf '%s\\n' 999 > d/deep/500");
  expect_dirty("r");
  shell("r", "echo 500 > d/deep/500 && rm a/deep/250");
  expect_dirty("r");
}

// A missing index is no sign of changes, as the seed has it; git would call every file deleted.

class GitWithoutIndex : public GitSandbox {
 protected:
  GitWithoutIndex() {
    make_repository("r");
    write("r/Makefile", "changed\n");
  }
};

TEST_F(GitWithoutIndex, NothingIsChanged) {
  ASSERT_EQ(exact("r"), dirty_head("r"));
  std::filesystem::remove(path("r/.git/index"));
  EXPECT_EQ(exact("r"), head("r"));
}

TEST_F(GitWithoutIndex, NothingIsChangedInALinkedWorktree) {
  shell("r", "git worktree add -q -b topic ../topic && echo 2 > ../topic/Makefile");
  ASSERT_EQ(exact("topic"), dirty_head("topic"));
  std::filesystem::remove(path("r/.git/worktrees/topic/index"));
  EXPECT_EQ(exact("topic"), head("topic"));
}

// What can't be known is never filed as clean: here nothing was changed, and nobody can tell.

class GitChangesUnknown : public GitSandbox {
 protected:
  GitChangesUnknown() { make_repository("r"); }
};

TEST_F(GitChangesUnknown, WithATruncatedIndex) {
  std::filesystem::resize_file(path("r/.git/index"),
                               std::filesystem::file_size(path("r/.git/index")) / 2);
  EXPECT_EQ(exact("r"), dirty_head("r"));
}

TEST_F(GitChangesUnknown, WithAnEmptyIndexFile) {
  std::filesystem::resize_file(path("r/.git/index"), 0);
  EXPECT_EQ(exact("r"), dirty_head("r"));
}

TEST_F(GitChangesUnknown, WithAnIndexThatBeginsAsNone) {
  shell("r", "printf x | dd of=.git/index bs=1 conv=notrunc status=none");
  EXPECT_EQ(exact("r"), dirty_head("r"));
}

TEST_F(GitChangesUnknown, WithADirectoryInPlaceOfTheIndex) {
  shell("r", "rm .git/index && mkdir .git/index");
  EXPECT_EQ(exact("r"), dirty_head("r"));
}

}  // namespace
}  // namespace ktstr::test
