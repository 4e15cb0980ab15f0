// SPDX-License-Identifier: MIT
#include "catalog/refresh.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <span>

#include "support/fake_pool.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_now = 1'783'166'400 * k_second;

Stamp stamp_of(std::int64_t ctime_ns) { return {1, 2, 3, ctime_ns, ctime_ns}; }

TEST(KnownStamps, AreSettledOnceTheirCtimeIsOlderThanTheWindow) {
  EXPECT_TRUE(known_stamp(stamp_of(k_now - 4 * k_second), k_now, k_now).settled);
  EXPECT_FALSE(known_stamp(stamp_of(k_now - 2 * k_second), k_now, k_now).settled);
}

TEST(KnownStamps, AreSettledIfTheClockIsSetBack) {
  EXPECT_TRUE(known_stamp(stamp_of(k_now + 4 * k_second), k_now, k_now).settled);
  EXPECT_FALSE(known_stamp(stamp_of(k_now + 2 * k_second), k_now, k_now).settled);
}

TEST(KnownStamps, AreFreshIfTheProcessStoodStillAfterTakingThem) {
  EXPECT_FALSE(known_stamp(stamp_of(k_now - 1), k_now, k_now + 60 * k_second).settled);
}

TEST(KnownStamps, AreFreshIfTheProcessStoodStillBeforeTakingThem) {
  const std::int64_t later = k_now + 60 * k_second;
  EXPECT_FALSE(known_stamp(stamp_of(later - 1), k_now, later).settled);
  EXPECT_FALSE(known_stamp(stamp_of(k_now + 30 * k_second), k_now, later).settled);
}

TEST(KnownStamps, DoNotCareForTheMtime) {
  Stamp stamp = stamp_of(k_now);
  stamp.mtime_ns = 0;
  EXPECT_FALSE(known_stamp(stamp, k_now, k_now).settled);
}

TEST(FileLook, IsNeededForAFileNeverSeen) {
  EXPECT_EQ(file_look(std::nullopt, stamp_of(1), CheckLevel::dirs), LookReason::added);
}

TEST(FileLook, IsNeededForAnOlderStampToo) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(file_look(known, stamp_of(999), CheckLevel::files), LookReason::stamp);
}

TEST(FileLook, ComparesEveryPartOfAStamp) {
  const KnownStamp known{{1, 2, 3, 4, 5}, true};
  EXPECT_EQ(file_look(known, {1, 2, 3, 4, 5}, CheckLevel::files), LookReason::unchanged);
  for (const Stamp& other : {Stamp{9, 2, 3, 4, 5}, Stamp{1, 9, 3, 4, 5}, Stamp{1, 2, 9, 4, 5},
                             Stamp{1, 2, 3, 9, 5}, Stamp{1, 2, 3, 4, 9}}) {
    EXPECT_EQ(file_look(known, other, CheckLevel::files), LookReason::stamp);
  }
}

TEST(FileLook, IsNeededAgainWhileTheStampIsUnsettled) {
  const KnownStamp known{stamp_of(1000), false};
  EXPECT_EQ(file_look(known, stamp_of(1000), CheckLevel::dirs), LookReason::unsettled);
}

TEST(FileLook, IsAlwaysNeededAtLevelBytes) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(file_look(known, stamp_of(1000), CheckLevel::bytes), LookReason::level);
}

TEST(DirectoryLook, IsNotNeededAtDirsIfTheStampIsSettledAndEqual) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(directory_look(known, stamp_of(1000), false, CheckLevel::dirs), LookReason::unchanged);
  EXPECT_EQ(directory_look(known, stamp_of(1001), false, CheckLevel::dirs), LookReason::stamp);
}

TEST(DirectoryLook, IsAlwaysNeededAboveDirs) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(directory_look(known, stamp_of(1000), false, CheckLevel::files), LookReason::level);
  EXPECT_EQ(directory_look(known, stamp_of(1000), false, CheckLevel::bytes), LookReason::level);
}

TEST(DirectoryLook, IsAlwaysNeededWhereThereAreLinks) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(directory_look(known, stamp_of(1000), true, CheckLevel::dirs), LookReason::links);
}

TEST(CheckLevels, HaveNames) {
  EXPECT_EQ(check_level("none"), CheckLevel::none);
  EXPECT_EQ(check_level("dirs"), CheckLevel::dirs);
  EXPECT_EQ(check_level("files"), CheckLevel::files);
  EXPECT_EQ(check_level("bytes"), CheckLevel::bytes);
  EXPECT_EQ(check_level("Files"), std::nullopt);
}

}  // namespace
}  // namespace ktstr

namespace ktstr::test {
namespace {

// What stands in the catalog after a kill at some point, and what an observer gets to see. An
// observer that fails is as good as a kill: nothing after it is stored.

class Watcher final : public RowObserver {
 public:
  Result<void> before_changes(std::span<const RowChange> changes) override {
    for (const RowChange& change : changes) {
      if (on_change) on_change(change);
      const PackedDocument* const document = change.document;
      seen.push_back(change.path + "|" + (change.old_id.empty() ? "none" : "old") + "|" +
                     (change.new_id.empty() ? "none" : "new") + "|" +
                     (document == nullptr ? "none" : std::to_string(document->size_bytes)));
      if (change.path == fails_at) return fail(ErrorCode::io, "the watcher has no room");
    }
    return {};
  }

  std::function<void(const RowChange&)> on_change;
  Rows seen;
  std::string fails_at;
};

class RefreshOrder : public testing::Test {
 protected:
  RefreshOrder() { pool_.options().observer = &watcher_; }

  void refresh_killed_at(const std::string& path) {
    watcher_.fails_at = path;
    const auto report =
        refresh(pool_.database(), "/runs", pool_.files(), pool_.clock(), pool_.options());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().message, "the watcher has no room");
    watcher_.fails_at.clear();
    watcher_.seen.clear();
  }

  Watcher watcher_;
  FakePool pool_;
};

TEST_F(RefreshOrder, ShowsAnObserverTheNewBytesBeforeARowComesIn) {
  const std::string bytes = sidecar_of("a");
  pool_.put("run/a.ktstr.json", bytes);
  watcher_.on_change = [&](const RowChange& change) {
    EXPECT_EQ(unpack_document(*change.document).value(), bytes);
    EXPECT_EQ(pool_.paths(), Rows{});
  };
  pool_.refresh();
  EXPECT_EQ(watcher_.seen, (Rows{"run/a.ktstr.json|none|new|" + std::to_string(bytes.size())}));
}

TEST_F(RefreshOrder, ShowsAnObserverBothIdsBeforeARowChanges) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  const std::string old_id = pool_.rows("SELECT id FROM results")[0];
  std::string new_id;
  watcher_.on_change = [&](const RowChange& change) {
    EXPECT_EQ(change.old_id, old_id);
    EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
    new_id = change.new_id;
  };
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT id FROM results"), (Rows{new_id}));
}

TEST_F(RefreshOrder, ShowsAnObserverARowThatGoesAway) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.put("gone/job/c.ktstr.json", sidecar_of("c"));
  pool_.settle();
  watcher_.seen.clear();
  pool_.files().remove("/runs/run/a.ktstr.json");
  pool_.files().remove("/runs/run/b.ktstr.json");
  pool_.files().make_fifo("/runs/run/b.ktstr.json");
  pool_.files().remove("/runs/gone");
  pool_.refresh();
  EXPECT_EQ(watcher_.seen, (Rows{"run/b.ktstr.json|old|none|none", "run/a.ktstr.json|old|none|none",
                                 "gone/job/c.ktstr.json|old|none|none"}));
}

TEST_F(RefreshOrder, ShowsAnObserverNothingWhenNoContentChanges) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.files().make_fifo("/runs/run/b.ktstr.json");
  pool_.settle();
  watcher_.seen.clear();
  pool_.files().touch_ctime("/runs/run/a.ktstr.json");
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(watcher_.seen, Rows{});
}

TEST_F(RefreshOrder, LeavesTheRowsOfADirectoryWhoseObserverFailed) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  refresh_killed_at("run/a.ktstr.json");
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
  pool_.wait();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(RefreshOrder, StoresARunDirectoryAfterItsJobs) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool_.wait();
  refresh_killed_at("run/job/b.ktstr.json");
  // Had the run directory's settled stamp been stored, nobody would look for the job any more.
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/job/b.ktstr.json"}));
}

TEST_F(RefreshOrder, StoresTheRootAfterItsRunDirectories) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run2/b.ktstr.json", sidecar_of("b"));
  pool_.wait();
  refresh_killed_at("run2/b.ktstr.json");
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run2/b.ktstr.json"}));
}

TEST_F(RefreshOrder, AddsWhatIsNewBeforeItRemovesWhatIsGone) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  // More than are stored at once.
  for (int i = 1000; i < 2070; ++i) {
    pool_.put("run/job/t" + std::to_string(i) + ".ktstr.json", sidecar_of("t"));
  }
  pool_.settle();
  pool_.files().move("/runs/run/job", "/runs/run/renamed");
  pool_.wait();
  refresh_killed_at("run/job/t1000.ktstr.json");
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM files WHERE job = 'job'"), (Rows{"1070"}));
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM files WHERE job = 'renamed'"), (Rows{"1024"}));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.rows("SELECT job, count(*) FROM files GROUP BY job ORDER BY job"),
            (Rows{"|1", "renamed|1070"}));
}

TEST_F(RefreshOrder, ContinuesALargeNewDirectoryThatWasCutShort) {
  for (int i = 1000; i < 2500; ++i) {
    pool_.put("run/t" + std::to_string(i) + ".ktstr.json", sidecar_of("t"));
  }
  pool_.wait();
  refresh_killed_at("run/t2400.ktstr.json");
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM files"), (Rows{"1024"}));
  const RefreshReport report = pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(report.files_added, 476);
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM files"), (Rows{"1500"}));
}

// Somebody wants an end: what was begun is finished and stored, and the next refresh goes on.
class RefreshStop : public testing::Test {
 protected:
  RefreshStop() {
    pool_.options().workers = 0;
    for (const std::string run : {"one", "two", "three"}) {
      for (const std::string test : {"a", "b", "c", "d"}) {
        pool_.put(run + "/" + test + ".ktstr.json", sidecar_of(test));
      }
    }
  }

  /// Refreshes until something was asked `times` times whether to stop.
  Error stopped_after(int times) {
    pool_.options().should_stop = [this, times] { return ++asked_ > times; };
    const auto report =
        refresh(pool_.database(), "/runs", pool_.files(), pool_.clock(), pool_.options());
    pool_.options().should_stop = {};
    asked_ = 0;
    return report ? Error{ErrorCode::io, "not stopped"} : report.error();
  }

  FakePool pool_;
  int asked_ = 0;
};

TEST_F(RefreshStop, SaysHowMuchIsLeft) {
  const Error error = stopped_after(2);
  EXPECT_EQ(error.code, ErrorCode::interrupted);
  EXPECT_EQ(error.message.substr(0, error.message.find(';')),
            "stopped with 2 of 3 run directories left");
}

TEST_F(RefreshStop, StoresWhatWasReadAndNothingOfTheRest) {
  (void)stopped_after(2);
  EXPECT_EQ(pool_.paths(), (Rows{"one/a.ktstr.json", "one/b.ktstr.json"}));
}

TEST_F(RefreshStop, LeavesNothingThatTheNextRefreshWouldMiss) {
  for (int times = 0; times < 20; ++times) {
    (void)stopped_after(times);
  }
  pool_.refresh();
  EXPECT_EQ(pool_.paths().size(), 12U);
}

TEST_F(RefreshStop, ReadsNoFileTwice) {
  pool_.wait();
  (void)stopped_after(3);
  const RefreshReport report = pool_.refresh();
  EXPECT_EQ(report.files_added, 9);
  EXPECT_EQ(report.files_unchanged, 3);
}

TEST_F(RefreshStop, RemovesNothingThatItHasNotLookedFor) {
  pool_.settle();
  pool_.files().remove(FakePool::path("three/d.ktstr.json"));
  pool_.put("one/e.ktstr.json", sidecar_of("e"));
  (void)stopped_after(1);
  EXPECT_EQ(pool_.paths().size(), 13U);
}

TEST_F(RefreshStop, TellsHowFarItIs) {
  std::vector<RefreshProgress> told;
  pool_.options().progress = [&](const RefreshProgress& now) { told.push_back(now); };
  pool_.refresh();
  ASSERT_EQ(told.size(), 12U);
  EXPECT_EQ(told.front().directories, 3);
  EXPECT_EQ(told.front().directories_done, 1);
  EXPECT_EQ(told.back().files_read, 12);
  EXPECT_EQ(told.back().directories_done, 3);
}

}  // namespace
}  // namespace ktstr::test
