// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <functional>
#include <span>

#include "support/fake_pool.hpp"

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

}  // namespace
}  // namespace ktstr::test
