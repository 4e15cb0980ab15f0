// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>

#include "store/walk.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "unit/store/sidecar_text.hpp"

namespace ktstr {
namespace {

using test::paths_of;
using test::RecordedLines;
using test::sidecar_text;
using test::test_names;
using Names = std::vector<std::string>;

/// Walks of trees that change, or fail, while they are walked.
class WalkRace : public ::testing::Test {
 protected:
  [[nodiscard]] Collection walk_run() {
    return collect_with_errors(files_, "/root/run", lines_.options());
  }
  [[nodiscard]] Collection walk_pool() {
    return pool_with_errors(files_, "/root", lines_.options());
  }

  test::FakeClock clock_;
  test::FakeFileSystem files_{clock_};
  RecordedLines lines_;
};

TEST_F(WalkRace, ReportsAFileThatVanishesAfterTheListing) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("a"));
  files_.before_open("/root/run/a.ktstr.json", [this] { files_.remove("/root/run/a.ktstr.json"); });
  const Collection found = walk_run();
  ASSERT_EQ(found.io_errors.size(), 1U);
  EXPECT_EQ(found.io_errors[0].raw_error, "No such file or directory (os error 2)");
}

TEST_F(WalkRace, LoadsAFileThatVanishesWhileItIsRead) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("a"));
  files_.vanish_during_read("/root/run/a.ktstr.json");
  EXPECT_EQ(test_names(walk_run().sidecars), (Names{"a"}));
}

TEST_F(WalkRace, LoadsWhatWasRenamedOverTheFileAfterTheListing) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("old"));
  files_.before_open("/root/run/a.ktstr.json",
                     [this] { files_.put_file("/root/run/a.ktstr.json", sidecar_text("new")); });
  EXPECT_EQ(test_names(walk_run().sidecars), (Names{"new"}));
}

TEST_F(WalkRace, ReportsAFileThatBecomesADirectory) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("a"));
  files_.before_open("/root/run/a.ktstr.json", [this] {
    files_.remove("/root/run/a.ktstr.json");
    files_.make_directory("/root/run/a.ktstr.json");
  });
  const Collection found = walk_run();
  ASSERT_EQ(found.io_errors.size(), 1U);
  EXPECT_EQ(found.io_errors[0].raw_error, "Is a directory (os error 21)");
}

TEST_F(WalkRace, GoesOnAfterAFileThatMayNotBeOpenedOrRead) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("a"));
  files_.put_file("/root/run/b.ktstr.json", sidecar_text("b"));
  files_.put_file("/root/run/c.ktstr.json", sidecar_text("c"));
  files_.fail_open("/root/run/a.ktstr.json", EACCES);
  files_.fail_read("/root/run/b.ktstr.json", EIO);
  EXPECT_EQ(test_names(walk_run().sidecars), (Names{"c"}));
  EXPECT_EQ(
      lines_.lines(),
      (Names{"ktstr_test: cannot read /root/run/a.ktstr.json: Permission denied (os error 13)",
             "ktstr_test: cannot read /root/run/b.ktstr.json: Input/output error (os error "
             "5)"}));
}

TEST_F(WalkRace, PassesOverAJobDirectoryThatVanishes) {
  files_.put_file("/root/run/job/a.ktstr.json", sidecar_text("a"));
  files_.put_file("/root/run/other/b.ktstr.json", sidecar_text("b"));
  files_.before_open("/root/run/job", [this] { files_.remove("/root/run/job"); });
  const Collection found = walk_run();
  EXPECT_EQ(test_names(found.sidecars), (Names{"b"}));
  EXPECT_TRUE(found.io_errors.empty());
}

TEST_F(WalkRace, PassesOverDirectoriesThatCannotBeListedWithoutALine) {
  files_.put_file("/root/run/job/a.ktstr.json", sidecar_text("a"));
  files_.put_file("/root/run/b.ktstr.json", sidecar_text("b"));
  files_.put_file("/root/shut/c.ktstr.json", sidecar_text("c"));
  files_.fail_list("/root/run/job", EIO);
  files_.fail_open("/root/shut", EACCES);
  EXPECT_EQ(test_names(walk_pool().sidecars), (Names{"b"}));
  EXPECT_TRUE(lines_.lines().empty());
}

TEST_F(WalkRace, GivesAnEmptyPoolForARootThatCannotBeListed) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("a"));
  files_.fail_list("/root", EIO);
  EXPECT_TRUE(walk_pool().sidecars.empty());
  EXPECT_TRUE(lines_.lines().empty());
}

TEST_F(WalkRace, StaysInARunDirectoryThatIsRenamedAwayWhileItIsWalked) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("old"));
  files_.before_open("/root/run/a.ktstr.json", [this] {
    files_.move("/root/run", "/root/.aside");
    files_.put_file("/root/run/a.ktstr.json", sidecar_text("of_another_tree"));
  });
  EXPECT_EQ(test_names(walk_run().sidecars), (Names{"old"}));
}

TEST_F(WalkRace, ReadsEachFileOnceAndNothingElse) {
  files_.put_file("/root/run/a.ktstr.json", sidecar_text("a"));
  files_.put_file("/root/run/a.failure-dump.json", "{}");
  files_.put_file("/root/in_root.ktstr.json", sidecar_text("b"));
  files_.clear_counts();
  static_cast<void>(walk_pool());
  EXPECT_EQ(files_.read(), (Names{"/root/run/a.ktstr.json"}));
  EXPECT_EQ(files_.opened(), (Names{"/root", "/root/run", "/root/run/a.ktstr.json"}));
}

TEST_F(WalkRace, TakesARunDirectoryOfUnknownAgeForTheOldest) {
  files_.make_directory("/root/a");
  files_.make_directory("/root/b");
  files_.fail_status("/root/b", EIO);
  EXPECT_EQ(newest_run_directory(files_, "/root"), "/root/a");
}

TEST_F(WalkRace, StillFindsTheOnlyRunDirectoryWhenItsAgeIsUnknown) {
  files_.make_directory("/root/a");
  files_.fail_status("/root/a", EIO);
  EXPECT_EQ(newest_run_directory(files_, "/root"), "/root/a");
}

}  // namespace
}  // namespace ktstr
