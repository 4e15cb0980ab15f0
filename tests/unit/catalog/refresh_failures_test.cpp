// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>

#include "support/fake_pool.hpp"

namespace ktstr::test {
namespace {

// Links, things that are no files, and what can't be read.

class RefreshFailures : public testing::Test {
 protected:
  FakePool pool_;
};

TEST_F(RefreshFailures, ReadsAFileBehindALinkAndSaysThatItIsOne) {
  pool_.files().put_file("/elsewhere/a.ktstr.json", sidecar_of("a"));
  pool_.files().make_directory("/runs/run");
  pool_.files().make_symlink("/runs/run/a.ktstr.json", "/elsewhere/a.ktstr.json");
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT path, status, is_symlink FROM files"),
            (Rows{"run/a.ktstr.json|ok|1"}));
}

TEST_F(RefreshFailures, SeesAChangeBehindALinkAtDirs) {
  pool_.files().put_file("/elsewhere/a.ktstr.json", sidecar_of("a"));
  pool_.files().make_directory("/runs/run");
  pool_.files().make_symlink("/runs/run/a.ktstr.json", "/elsewhere/a.ktstr.json");
  pool_.settle();
  pool_.files().overwrite_in_place("/elsewhere/a.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(RefreshFailures, ReportsADanglingLinkUntilItLeadsSomewhere) {
  pool_.files().make_directory("/runs/run");
  pool_.files().make_symlink("/runs/run/a.ktstr.json", "/elsewhere/a.ktstr.json");
  pool_.settle();
  EXPECT_EQ(pool_.rows("SELECT status, error_class, error, size_bytes FROM files"),
            (Rows{"unreadable|io|No such file or directory (os error 2)|NULL"}));
  pool_.files().put_file("/elsewhere/a.ktstr.json", sidecar_of("a"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

TEST_F(RefreshFailures, SeesAFileGiveWayToALinkToItself) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().move("/runs/run/a.ktstr.json", "/elsewhere.json");
  pool_.files().make_symlink("/runs/run/a.ktstr.json", "/elsewhere.json");
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.rows("SELECT status, is_symlink FROM files"), (Rows{"ok|1"}));
}

TEST_F(RefreshFailures, FollowsALinkToARunDirectory) {
  pool_.files().put_file("/elsewhere/a.ktstr.json", sidecar_of("a"));
  pool_.files().make_symlink("/runs/run", "/elsewhere");
  pool_.settle();
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
  pool_.files().put_file("/elsewhere/b.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a", "run/b.ktstr.json|b"}));
}

TEST_F(RefreshFailures, ForgetsARunDirectoryWhoseLinkLeadsNowhereAnyMore) {
  pool_.files().put_file("/elsewhere/a.ktstr.json", sidecar_of("a"));
  pool_.files().make_symlink("/runs/run", "/elsewhere");
  pool_.settle();
  pool_.files().remove("/elsewhere");
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), Rows{});
  EXPECT_EQ(pool_.rows("SELECT run_dir FROM run_dirs"), Rows{});
}

TEST_F(RefreshFailures, ShowsTheMtimeOfALinkToARunDirectoryNotOfTheDirectory) {
  pool_.files().put_file("/elsewhere/a.ktstr.json", sidecar_of("a"));
  pool_.files().make_symlink("/runs/run", "/elsewhere");
  pool_.settle();
  pool_.files().remove("/runs/run");
  pool_.files().make_symlink("/runs/run", "/elsewhere");
  const auto link = pool_.files().status("/runs/run", FollowLinks::no)->stamp;
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.rows("SELECT mtime_ns FROM run_dirs"), (Rows{std::to_string(link.mtime_ns)}));
}

TEST_F(RefreshFailures, LooksThroughALinkLoop) {
  pool_.files().make_symlink("/runs/run", "/runs/run");
  pool_.files().make_directory("/runs/real");
  pool_.files().make_symlink("/runs/real/a.ktstr.json", "a.ktstr.json");
  const RefreshReport report = pool_.refresh();
  EXPECT_TRUE(report.unreadable_directories.empty());
  EXPECT_EQ(pool_.statuses(), (Rows{"real/a.ktstr.json|unreadable"}));
}

TEST_F(RefreshFailures, ReadsADirectoryNamedAsASidecarAsAJob) {
  pool_.put("run/job.ktstr.json/a.ktstr.json", sidecar_of("a"));
  pool_.refresh();
  EXPECT_EQ(pool_.statuses(), (Rows{"run/job.ktstr.json/a.ktstr.json|ok"}));
}

TEST_F(RefreshFailures, CantReadADirectoryNamedAsASidecarInAJob) {
  pool_.files().make_directory("/runs/run/job/a.ktstr.json");
  pool_.settle();
  EXPECT_EQ(pool_.rows("SELECT path, status, error FROM files"),
            (Rows{"run/job/a.ktstr.json|unreadable|Is a directory (os error 21)"}));
}

TEST_F(RefreshFailures, SeesAFileGiveWayToADirectoryAndBack) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().remove("/runs/run/a.ktstr.json");
  pool_.put("run/a.ktstr.json/b.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json/b.ktstr.json|b"}));
  pool_.wait();
  pool_.files().remove("/runs/run/a.ktstr.json");
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

TEST_F(RefreshFailures, SeesARunDirectoryGiveWayToAFile) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().remove("/runs/run");
  pool_.put("run", "a file");
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), Rows{});
}

TEST_F(RefreshFailures, DoesNotReadAFifo) {
  pool_.files().make_fifo("/runs/run/a.ktstr.json");
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT status, error_class, error FROM files"),
            (Rows{"unreadable|io|not a regular file"}));
  EXPECT_EQ(pool_.read(), Rows{});
}

TEST_F(RefreshFailures, CallsAFileOverTheLimitUnreadable) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.options().limits.max_file_bytes = 100;
  pool_.settle();
  EXPECT_EQ(pool_.statuses(), (Rows{"run/a.ktstr.json|unreadable"}));
  EXPECT_EQ(pool_.rows("SELECT id, size_bytes > 100 FROM files"), (Rows{"NULL|1"}));
  pool_.options().limits.max_file_bytes = 1'000'000;
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.statuses(), (Rows{"run/a.ktstr.json|ok"}));
}

TEST_F(RefreshFailures, TriesAFileAgainThatCouldNotBeRead) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.files().fail_read("/runs/run/a.ktstr.json", EIO);
  pool_.settle();
  EXPECT_EQ(pool_.statuses(), (Rows{"run/a.ktstr.json|unreadable"}));
  pool_.files().fail_read("/runs/run/a.ktstr.json", 0);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

TEST_F(RefreshFailures, CallsAFileUnreadableThatCantEvenBeLookedAt) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().fail_status("/runs/run/a.ktstr.json", EACCES);
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(pool_.rows("SELECT status, error FROM files"),
            (Rows{"unreadable|Permission denied (os error 13)"}));
  pool_.files().fail_status("/runs/run/a.ktstr.json", 0);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.statuses(), (Rows{"run/a.ktstr.json|ok"}));
}

TEST_F(RefreshFailures, PassesOverAFileThatVanishesAfterTheListing) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.wait();
  pool_.files().before_open("/runs/run/a.ktstr.json",
                            [&] { pool_.files().remove("/runs/run/a.ktstr.json"); });
  pool_.files().before_status("/runs/run/b.ktstr.json",
                              [&] { pool_.files().remove("/runs/run/b.ktstr.json"); });
  pool_.refresh();
  EXPECT_EQ(pool_.paths(), Rows{});
}

TEST_F(RefreshFailures, RemovesAKnownFileThatVanishedWhileItWasLookedAtTheNextTime) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().before_status("/runs/run/a.ktstr.json",
                              [&] { pool_.files().remove("/runs/run/a.ktstr.json"); });
  pool_.refresh(CheckLevel::files);
  pool_.wait();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), Rows{});
}

TEST_F(RefreshFailures, TakesTheBytesOfAFileThatVanishesWhileItIsRead) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.files().vanish_during_read("/runs/run/a.ktstr.json");
  pool_.refresh();
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
  pool_.refresh();
  EXPECT_EQ(pool_.paths(), Rows{});
}

TEST_F(RefreshFailures, KeepTheRowsOfADirectoryThatCantBeListed) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  pool_.put("run/c.ktstr.json", sidecar_of("c"));
  pool_.files().fail_list("/runs/run", EIO);
  const RefreshReport report = pool_.refresh(CheckLevel::dirs);
  ASSERT_EQ(report.unreadable_directories.size(), 1U);
  EXPECT_EQ(report.unreadable_directories[0].path, "run");
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/job/b.ktstr.json"}));
}

TEST_F(RefreshFailures, ReportADirectoryThatCantBeOpenedEveryTimeAndWriteItOnce) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().touch_ctime("/runs/run");
  pool_.files().fail_open("/runs/run", EACCES);
  EXPECT_EQ(pool_.refresh(CheckLevel::dirs).unreadable_directories.size(), 1U);
  const auto before = pool_.database().getTotalChanges();
  EXPECT_EQ(pool_.refresh(CheckLevel::dirs).unreadable_directories.size(), 1U);
  EXPECT_EQ(pool_.database().getTotalChanges(), before);
  pool_.files().fail_open("/runs/run", 0);
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  EXPECT_TRUE(pool_.refresh(CheckLevel::dirs).unreadable_directories.empty());
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/b.ktstr.json"}));
}

TEST_F(RefreshFailures, LookAtADirectoryAgainThatCouldBeListedOnlyLater) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.wait();
  pool_.files().fail_list("/runs/run", EIO);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT run_dir, tests FROM run_dirs"), (Rows{"run|0"}));
  pool_.files().fail_list("/runs/run", 0);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

TEST_F(RefreshFailures, KeepTheRowsOfAJobThatCantBeListed) {
  pool_.put("run/job/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().fail_list("/runs/run/job", EIO);
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  const RefreshReport report = pool_.refresh(CheckLevel::files);
  ASSERT_EQ(report.unreadable_directories.size(), 1U);
  EXPECT_EQ(report.unreadable_directories[0].path, "run/job");
  EXPECT_EQ(pool_.paths(), (Rows{"run/b.ktstr.json", "run/job/a.ktstr.json"}));
}

// The system is short of descriptors or memory, which says nothing of any file.

class RefreshShortage : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    pool_.put("run/a.ktstr.json", sidecar_of("a"));
    pool_.settle();
  }

  /// The one line that says what was not looked at.
  static Rows paths_of(const std::vector<Error>& errors) {
    Rows paths;
    for (const Error& error : errors) paths.push_back(error.path);
    return paths;
  }

  FakePool pool_;
};

TEST_P(RefreshShortage, KeepsTheRowOfAFileThatCantBeOpenedJustNow) {
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.files().fail_open("/runs/run/a.ktstr.json", GetParam());
  const RefreshReport report = pool_.refresh();
  EXPECT_EQ(paths_of(report.not_looked_at), (Rows{"run/a.ktstr.json"}));
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
  pool_.wait();
  pool_.refresh();
  pool_.files().fail_open("/runs/run/a.ktstr.json", 0);
  EXPECT_TRUE(pool_.refresh().not_looked_at.empty());
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_P(RefreshShortage, StoresNothingOfANewFileThatCantBeOpenedJustNow) {
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.files().fail_open("/runs/run/b.ktstr.json", GetParam());
  pool_.wait();
  EXPECT_EQ(pool_.refresh().not_looked_at.size(), 1U);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json"}));
  pool_.files().fail_open("/runs/run/b.ktstr.json", 0);
  pool_.refresh();
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a", "run/b.ktstr.json|b"}));
}

TEST_P(RefreshShortage, SaysNothingOfADirectoryThatCantBeOpenedJustNow) {
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.put("new/c.ktstr.json", sidecar_of("c"));
  for (const char* path : {"/runs/run", "/runs/new"}) pool_.files().fail_open(path, GetParam());
  pool_.wait();
  EXPECT_EQ(paths_of(pool_.refresh().unreadable_directories), (Rows{"new", "run"}));
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM directory WHERE error IS NOT NULL"), (Rows{"0"}));
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json"}));
  for (const char* path : {"/runs/run", "/runs/new"}) pool_.files().fail_open(path, 0);
  pool_.refresh();
  EXPECT_EQ(pool_.paths(), (Rows{"new/c.ktstr.json", "run/a.ktstr.json", "run/b.ktstr.json"}));
}

TEST_P(RefreshShortage, DoesNotTakeARunsSessionAway) {
  pool_.put("run/.ktstr_run_epoch", "the session");
  pool_.settle();
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.files().fail_open("/runs/run/.ktstr_run_epoch", GetParam());
  EXPECT_EQ(pool_.refresh().unreadable_directories.size(), 1U);
  EXPECT_EQ(pool_.rows("SELECT session FROM run_dirs"), (Rows{"the session"}));
  pool_.files().fail_open("/runs/run/.ktstr_run_epoch", 0);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT session, tests FROM run_dirs"), (Rows{"the session|2"}));
}

INSTANTIATE_TEST_SUITE_P(Of, RefreshShortage, testing::Values(EMFILE, ENFILE, ENOMEM));

class MemoryShortage : public RefreshShortage {};

TEST_F(MemoryShortage, CallsAChangedFileUnreadableWithoutContentUntilThereIsMemory) {
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.files().fail_read("/runs/run/a.ktstr.json", ENOMEM);
  pool_.wait();
  EXPECT_EQ(paths_of(pool_.refresh().not_looked_at), (Rows{"run/a.ktstr.json"}));
  EXPECT_EQ(pool_.rows("SELECT status, id, error FROM files"),
            (Rows{"unreadable|NULL|Cannot allocate memory (os error 12)"}));
  pool_.files().fail_read("/runs/run/a.ktstr.json", 0);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(MemoryShortage, KeepsTheRowOfAFileThatNothingSaysHasChanged) {
  pool_.files().fail_read("/runs/run/a.ktstr.json", ENOMEM);
  EXPECT_EQ(pool_.refresh(CheckLevel::bytes).not_looked_at.size(), 1U);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

}  // namespace
}  // namespace ktstr::test
