// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>

#include "support/fake_pool.hpp"

namespace ktstr::test {
namespace {

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
