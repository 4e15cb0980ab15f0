// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>

#include "support/fake_pool.hpp"

namespace ktstr::test {
namespace {

// What a refresh sees, and what it need not look at.

class Refresh : public testing::Test {
 protected:
  FakePool pool_;
};

TEST_F(Refresh, SeesAFileThatWasAdded) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  const RefreshReport report = pool_.refresh();
  EXPECT_EQ(report.files_added, 1);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

TEST_F(Refresh, ReadsAndListsNothingOnceEverythingIsSettled) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  const RefreshReport report = pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.read(), Rows{});
  EXPECT_EQ(pool_.listed(), Rows{});
  EXPECT_EQ(report.directories_listed, 0);
  EXPECT_EQ(report.directories_unchanged, 2);
  EXPECT_EQ(report.files_unchanged, 2);
}

TEST_F(Refresh, ListsButReadsNothingAtFilesOnceEverythingIsSettled) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(pool_.read(), Rows{});
  EXPECT_EQ(pool_.listed(), (Rows{"/runs", "/runs/run"}));
}

TEST_F(Refresh, ReadsEverythingAtBytes) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  const RefreshReport report = pool_.refresh(CheckLevel::bytes);
  EXPECT_EQ(pool_.read(), (Rows{"/runs/run/a.ktstr.json"}));
  EXPECT_EQ(report.files_changed, 0);
}

TEST_F(Refresh, LooksAtNothingAtNone) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.refresh(CheckLevel::none);
  EXPECT_EQ(pool_.paths(), Rows{});
  EXPECT_EQ(pool_.listed(), Rows{});
}

TEST_F(Refresh, SeesAFileThatWasReplacedAndLeavesTheOthersUnread) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  pool_.put("run/a.ktstr.json", sidecar_of("other"));
  const RefreshReport report = pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(report.files_changed, 1);
  EXPECT_EQ(pool_.read(), (Rows{"/runs/run/a.ktstr.json"}));
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|other", "run/b.ktstr.json|b"}));
}

TEST_F(Refresh, SeesAReplacementOfTheSameSizeAndMtime) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  const auto before = pool_.files().status("/runs/run/a.ktstr.json", FollowLinks::yes)->stamp;
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.files().set_mtime_ns("/runs/run/a.ktstr.json", before.mtime_ns);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(Refresh, DoesNotSeeAnEditInPlaceAtDirs) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().overwrite_in_place("/runs/run/a.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

TEST_F(Refresh, SeesAnEditInPlaceAtFiles) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  const auto before = pool_.files().status("/runs/run/a.ktstr.json", FollowLinks::yes)->stamp;
  pool_.files().overwrite_in_place("/runs/run/a.ktstr.json", sidecar_of("b"));
  pool_.files().set_mtime_ns("/runs/run/a.ktstr.json", before.mtime_ns);
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(Refresh, RemovesTheRowOfARemovedFileAndAllThatHungOnIt) {
  Record record = small_record("a");
  record.verifier_stats.push_back({{}, "prog", 3});
  pool_.put("run/a.ktstr.json", encode_record(record));
  pool_.settle();
  EXPECT_EQ(pool_.rows("SELECT count(*) > 0 FROM series"), (Rows{"1"}));
  pool_.files().remove("/runs/run/a.ktstr.json");
  const RefreshReport report = pool_.refresh();
  EXPECT_EQ(report.files_removed, 1);
  EXPECT_EQ(pool_.paths(), Rows{});
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM series"), (Rows{"0"}));
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM verifier_program"), (Rows{"0"}));
}

TEST_F(Refresh, RemovesTheRowsOfARemovedRunDirectoryAndItsJobs) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool_.put("stays/c.ktstr.json", sidecar_of("c"));
  pool_.settle();
  pool_.files().remove("/runs/run");
  const RefreshReport report = pool_.refresh();
  EXPECT_EQ(report.files_removed, 2);
  EXPECT_EQ(pool_.paths(), (Rows{"stays/c.ktstr.json"}));
  EXPECT_EQ(pool_.rows("SELECT run_dir FROM run_dirs"), (Rows{"stays"}));
}

TEST_F(Refresh, SeesJobDirectoriesComeAndGo) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT job, test_name FROM pool ORDER BY path"), (Rows{"|a", "job|b"}));
  pool_.wait();
  pool_.files().remove("/runs/run/job");
  pool_.refresh();
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json"}));
}

TEST_F(Refresh, SeesAFileAddedToAJobDirectoryOfAnUnchangedRun) {
  pool_.put("run/job/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.listed(), (Rows{"/runs/run/job"}));
  EXPECT_EQ(pool_.paths(), (Rows{"run/job/a.ktstr.json", "run/job/b.ktstr.json"}));
}

TEST_F(Refresh, LooksOneLevelBelowARunDirectoryAndNoDeeper) {
  pool_.put("run/job/deeper/a.ktstr.json", sidecar_of("a"));
  pool_.put("at_the_root.ktstr.json", sidecar_of("b"));
  pool_.refresh();
  EXPECT_EQ(pool_.paths(), Rows{});
}

TEST_F(Refresh, CountsARenamedDirectoryAsMoves) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  pool_.files().move("/runs/run", "/runs/renamed");
  const RefreshReport report = pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(report.files_moved, 2);
  EXPECT_EQ(report.files_added, 0);
  EXPECT_EQ(report.files_removed, 0);
  EXPECT_EQ(pool_.paths(), (Rows{"renamed/a.ktstr.json", "renamed/b.ktstr.json"}));
}

TEST_F(Refresh, KeepsTheSameBytesInTwoPlacesAsTwoResultsOfOneId) {
  pool_.put("one/a.ktstr.json", sidecar_of("a"));
  pool_.put("two/a.ktstr.json", sidecar_of("a"));
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT count(*), count(DISTINCT id) FROM pool"), (Rows{"2|1"}));
  pool_.files().remove("/runs/one");
  pool_.refresh();
  EXPECT_EQ(pool_.paths(), (Rows{"two/a.ktstr.json"}));
}

TEST_F(Refresh, RepairsTheStampOfATouchedFileWithoutChangingItsRow) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  const Rows before = pool_.rows("SELECT sidecar_id, id FROM results");
  pool_.files().set_mtime_ns("/runs/run/a.ktstr.json", 42);
  pool_.wait();
  const RefreshReport report = pool_.refresh(CheckLevel::files);
  EXPECT_EQ(report.files_changed, 0);
  EXPECT_EQ(pool_.rows("SELECT sidecar_id, id FROM results"), before);
  EXPECT_EQ(pool_.rows("SELECT mtime_ns FROM results"), (Rows{"42"}));
  pool_.files().clear_counts();
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(pool_.read(), Rows{});
}

TEST_F(Refresh, ReportsCountsByStatus) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", k_drifted);
  pool_.put("run/c.ktstr.json", k_corrupt);
  pool_.put("run/d.ktstr.json", k_not_utf8);
  pool_.files().make_fifo("/runs/run/e.ktstr.json");
  RefreshReport report = pool_.refresh();
  EXPECT_EQ(report.status["ok"], 1);
  EXPECT_EQ(report.status["drift"], 1);
  EXPECT_EQ(report.status["corrupt"], 2);
  EXPECT_EQ(report.status["unreadable"], 1);
  EXPECT_EQ(pool_.rows("SELECT file_name, status, error_class FROM files ORDER BY file_name"),
            (Rows{"a.ktstr.json|ok|NULL", "b.ktstr.json|drift|parse", "c.ktstr.json|corrupt|parse",
                  "d.ktstr.json|corrupt|io", "e.ktstr.json|unreadable|io"}));
}

TEST_F(Refresh, StoresArtifactsAndSeesThemGo) {
  pool_.put("run/t-0123456789abcdef.failure-dump.json", "{}");
  pool_.put("run/t.wprof.pb", "trace");
  pool_.settle();
  EXPECT_EQ(
      pool_.rows("SELECT test_name, kind, file_hash, size_bytes FROM artifacts ORDER BY kind"),
      (Rows{"t|failure-dump|0123456789abcdef|2", "t|wprof|NULL|5"}));
  pool_.files().remove("/runs/run/t.wprof.pb");
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.rows("SELECT path FROM artifacts"),
            (Rows{"run/t-0123456789abcdef.failure-dump.json"}));
}

TEST_F(Refresh, SeesAGrowingTraceAtFiles) {
  pool_.put("run/t.wprof.pb", "trace");
  pool_.settle();
  pool_.files().overwrite_in_place("/runs/run/t.wprof.pb", "a longer trace");
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(pool_.rows("SELECT size_bytes FROM artifacts"), (Rows{"14"}));
}

TEST_F(Refresh, ReadsTheSessionAfreshWheneverItsDirectoryIsLookedAt) {
  pool_.put("run/.ktstr_run_epoch", "111");
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  EXPECT_EQ(pool_.rows("SELECT session, test_name FROM results ORDER BY path"),
            (Rows{"111|a", "NULL|b"}));
  pool_.files().overwrite_in_place("/runs/run/.ktstr_run_epoch", "222");
  pool_.put("run/c.ktstr.json", sidecar_of("c"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.rows("SELECT session, run_dirs, tests FROM sessions WHERE NOT inferred"),
            (Rows{"222|1|2"}));
}

TEST_F(Refresh, TakesNoSessionFromAnEmptySentinel) {
  pool_.put("run/.ktstr_run_epoch", "");
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT session FROM run_dirs"), (Rows{"NULL"}));
}

TEST_F(Refresh, ReadsSidecarsInADotDirectoryButDoesNotCallItARun) {
  pool_.put(".locks/a.ktstr.json", sidecar_of("a"));
  pool_.refresh();
  EXPECT_EQ(pool_.tests(), (Rows{".locks/a.ktstr.json|a"}));
  EXPECT_EQ(pool_.rows("SELECT run_dir FROM run_dirs"), Rows{});
}

TEST_F(Refresh, SeesASidecarInItsOwnDirectoryWithoutCountingALook) {
  pool_.put(".ktstr-index/catalog.sqlite3", "");
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  // The stamp of the directory moves with SQLite's side files, which must not cost a write.
  pool_.put(".ktstr-index/catalog.sqlite3-wal", "");
  EXPECT_EQ(pool_.refresh(CheckLevel::dirs).directories_listed, 0);
  pool_.put(".ktstr-index/b.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{".ktstr-index/b.ktstr.json|b", "run/a.ktstr.json|a"}));
}

TEST_F(Refresh, TellsWhyItLooks) {
  pool_.put(".ktstr-index/catalog.sqlite3", "");
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  pool_.put("run/a.ktstr.json", sidecar_of("c"));
  Rows why;
  pool_.options().why = [&](const std::string& path, LookReason reason) {
    why.push_back(path + ": " + std::string(look_reason_name(reason)));
  };
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(why, (Rows{"run: stamp", "run/a.ktstr.json: stamp"}));
}

TEST_F(Refresh, TellsAWrongRootFromAnEmptyOne) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  const auto missing = refresh(pool_.database(), "/elsewhere", pool_.files(), pool_.clock(), {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json"}));
  pool_.files().remove("/runs/run");
  pool_.refresh();
  EXPECT_EQ(pool_.paths(), Rows{});
}

TEST_F(Refresh, LeavesTheCatalogAloneIfTheRootCantBeListed) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().fail_list("/runs", EACCES);
  RefreshOptions options;
  options.workers = 0;
  const auto report = refresh(pool_.database(), "/runs", pool_.files(), pool_.clock(), options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::permission);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json"}));
}

TEST_F(Refresh, TakesNamesWithNewlinesQuotesAndForeignBytes) {
  pool_.put("ru\nn'\"/a'\n\".ktstr.json", sidecar_of("a"));
  pool_.put("\xff\xfe/b.ktstr.json", sidecar_of("b"));
  pool_.put("\xff\xfe/not-\xff-utf8.ktstr.json", sidecar_of("c"));
  pool_.settle();
  EXPECT_EQ(pool_.tests(), (Rows{"ru\nn'\"/a'\n\".ktstr.json|a", "\xff\xfe/b.ktstr.json|b"}));
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(pool_.read(), Rows{});
}

TEST_F(Refresh, DropsHostsThatNoResultHasAnyMore) {
  Record record = small_record("a");
  record.host.emplace();
  record.host->arch = "x86_64";
  pool_.put("run/a.ktstr.json", encode_record(record));
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT arch FROM hosts"), (Rows{"x86_64"}));
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT arch FROM hosts"), Rows{});
}

TEST_F(Refresh, StoresALargeDirectoryInSeveralBatches) {
  for (int i = 0; i < 600; ++i) {
    pool_.put("run/t" + std::to_string(i) + ".ktstr.json", sidecar_of("t" + std::to_string(i)));
  }
  const RefreshReport report = pool_.refresh();
  EXPECT_EQ(report.files_added, 600);
  EXPECT_EQ(pool_.rows("SELECT tests, pass FROM run_dirs"), (Rows{"600|600"}));
}

}  // namespace
}  // namespace ktstr::test
