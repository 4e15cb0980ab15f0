// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "catalog/catalog.hpp"
#include "catalog/tables.hpp"
#include "support/clock_ahead.hpp"
#include "support/fake_pool.hpp"
#include "support/pool_mutator.hpp"
#include "support/rows_text.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"
#include "support/walker_oracle.hpp"

namespace ktstr::test {
namespace {

class ConcurrentRefresh : public testing::Test {
 protected:
  ConcurrentRefresh() {
    std::filesystem::create_directory(directory_.path("runs"));
    std::filesystem::create_directory(directory_.path("elsewhere"));
    options_.root = directory_.path("runs");
    options_.location.path = options_.root + "/.ktstr-index/catalog.sqlite3";
    options_.busy_timeout_ms = 60'000;
    for (int i = 0; i < 60; ++i) {
      const std::string run = "runs/run" + std::to_string(i % 4);
      const std::string name = "t" + std::to_string(i);
      directory_.write(run + (i % 3 == 0 ? "/job/" : "/") + name + ".ktstr.json", sidecar_of(name));
    }
  }

  Catalog open() {
    return std::move(Catalog::open(options_, system_file_system(), system_clock()).value());
  }

  static void refresh(Catalog& catalog, CheckLevel level) {
    RefreshOptions options;
    options.level = level;
    options.workers = 2;
    const auto report = catalog.refresh(system_file_system(), system_clock(), options);
    EXPECT_TRUE(report) << report.error().text();
  }

  TemporaryDirectory directory_;
  CatalogOptions options_;
};

TEST_F(ConcurrentRefresh, OfTwoConnectionsStoresEverythingOnce) {
  std::thread other([&] {
    Catalog catalog = open();
    refresh(catalog, CheckLevel::files);
  });
  Catalog catalog = open();
  refresh(catalog, CheckLevel::files);
  other.join();
  EXPECT_EQ(rows_text(catalog.database(), "SELECT count(*), count(DISTINCT path) FROM pool"),
            (Rows{"60|60"}));
  EXPECT_EQ(catalog_facts(catalog.database()), walked_facts(options_.root));
}

TEST_F(ConcurrentRefresh, WhileThePoolChangesEndsWithWhatAWalkSays) {
  std::atomic<bool> is_done = false;
  std::thread other([&] {
    Catalog catalog = open();
    while (!is_done) refresh(catalog, CheckLevel::dirs);
  });
  Catalog catalog = open();
  PoolMutator mutator(options_.root, directory_.path("elsewhere"), Mutations::all, 42);
  for (int i = 0; i < 60; ++i) {
    mutator.step();
    if (i % 10 == 0) refresh(catalog, CheckLevel::files);
  }
  is_done = true;
  other.join();
  refresh(catalog, CheckLevel::files);
  EXPECT_EQ(catalog_facts(catalog.database()), walked_facts(options_.root));
}

TEST_F(ConcurrentRefresh, LeavesAReaderWithASnapshotThatHangsTogether) {
  Catalog reader = open();
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    Catalog catalog = open();
    PoolMutator mutator(options_.root, directory_.path("elsewhere"), Mutations::by_name, 43);
    for (int i = 0; i < 40; ++i) {
      mutator.step();
      refresh(catalog, CheckLevel::files);
    }
    is_done = true;
  });
  while (!is_done) {
    EXPECT_EQ(rows_text(reader.database(),
                        "SELECT count(*) FROM series s LEFT JOIN sidecar t USING(sidecar_id) "
                        "WHERE t.sidecar_id IS NULL"),
              (Rows{"0"}));
  }
  writer.join();
}

TEST_F(ConcurrentRefresh, SettlesNothingWhileAnotherConnectionWrites) {
  Catalog catalog = open();
  refresh(catalog, CheckLevel::files);
  Catalog other = open();
  const ImmediateTransaction writing(other.database());
  // Nothing changed but that time went by: no reason to wait for the other.
  const ClockAhead later;
  RefreshOptions options;
  const auto report = catalog.refresh(system_file_system(), later, options);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(rows_text(catalog.database(), "SELECT count(*) FROM sidecar WHERE settled"),
            (Rows{"0"}));
}

TEST_F(ConcurrentRefresh, WritesNothingTheSecondTimeOnceSettled) {
  const ClockAhead later;
  Catalog catalog = open();
  Catalog watcher = open();
  RefreshOptions options;
  ASSERT_TRUE(catalog.refresh(system_file_system(), later, options));
  const Rows before = rows_text(watcher.database(), "PRAGMA data_version");
  for (const CheckLevel level : {CheckLevel::dirs, CheckLevel::files, CheckLevel::bytes}) {
    options.level = level;
    ASSERT_TRUE(catalog.refresh(system_file_system(), later, options));
    EXPECT_EQ(rows_text(watcher.database(), "PRAGMA data_version"), before);
  }
}

// Another refresh writes to the same rows while this one is between its look and its store. The
// fake file system's hooks run it at the wanted moment.

class RefreshRace : public testing::Test {
 protected:
  /// A whole refresh, as another process would do it.
  void refresh_elsewhere(CheckLevel level = CheckLevel::dirs) {
    RefreshOptions options;
    options.workers = 0;
    options.level = level;
    ASSERT_TRUE(refresh(pool_.database(), "/runs", pool_.files(), pool_.clock(), options));
  }

  FakePool pool_;
};

TEST_F(RefreshRace, LeavesARowThatAnotherRefreshMadeNewer) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.files().before_read("/runs/run/a.ktstr.json", [&] {
    // We hold the descriptor of "b" already.
    pool_.put("run/a.ktstr.json", sidecar_of("c"));
    refresh_elsewhere();
  });
  const RefreshReport report = pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(report.files_changed, 0);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|c"}));
}

TEST_F(RefreshRace, LooksAgainWhereItLeftARowAlone) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  pool_.files().remove("/runs/run/a.ktstr.json");
  pool_.wait();
  // A refresh that looked at "a" before its end stores what it saw, after we have found it gone.
  pool_.files().before_status("/runs/run/b.ktstr.json", [&] {
    pool_.database().exec("UPDATE sidecar SET ctime_ns = 1 WHERE file_name = 'a.ktstr.json'");
  });
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/b.ktstr.json"}));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/b.ktstr.json"}));
}

TEST_F(RefreshRace, LooksAgainWhereAnotherRefreshStoredAnOlderFileMeanwhile) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.wait();
  pool_.files().before_read("/runs/run/a.ktstr.json",
                            [&] { pool_.database().exec("UPDATE sidecar SET ctime_ns = 1"); });
  pool_.refresh(CheckLevel::dirs);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(RefreshRace, DoesNotUseAHostThatAnotherRefreshDroppedMeanwhile) {
  Record record = small_record("a");
  record.host.emplace().arch = "x86_64";
  pool_.put("run1/a.ktstr.json", encode_record(record));
  pool_.put("run2/b.ktstr.json", encode_record(record));
  pool_.files().before_read("/runs/run2/b.ktstr.json",
                            [&] { pool_.database().exec("DELETE FROM host"); });
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT arch FROM results WHERE run_dir = 'run2'"), (Rows{"x86_64"}));
}

TEST_F(RefreshRace, LooksAgainWhereAnotherRefreshRemovedTheDirectoryMeanwhile) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.wait();
  // One that looked while the directory was away for a moment.
  pool_.files().before_read("/runs/run/b.ktstr.json", [&] {
    CatalogTables other(pool_.database());
    ASSERT_EQ(other.remove_directory(other.directories().back()), RowWrite::done);
  });
  pool_.refresh(CheckLevel::dirs);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/b.ktstr.json"}));
}

TEST_F(RefreshRace, DoesNotCountWhatAnotherRefreshStoredFirst) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.files().before_read("/runs/run/a.ktstr.json", [&] { refresh_elsewhere(); });
  EXPECT_EQ(pool_.refresh().files_added, 0);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|a"}));
}

TEST_F(RefreshRace, KeepsAFileThatCameAndWasStoredAfterItsListing) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  // The look at "a" comes after the listing.
  pool_.files().before_status("/runs/run/a.ktstr.json", [&] {
    pool_.put("run/c.ktstr.json", sidecar_of("c"));
    refresh_elsewhere();
  });
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/b.ktstr.json", "run/c.ktstr.json"}));
}

TEST_F(RefreshRace, RemovesAFileWhoseStampAnotherRefreshHasSettled) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.refresh();
  pool_.wait();
  pool_.files().remove("/runs/run/a.ktstr.json");
  pool_.wait();
  pool_.files().before_status("/runs/run/b.ktstr.json", [&] {
    pool_.database().exec("UPDATE sidecar SET settled = 1");  // a refresh that began before ours
  });
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/b.ktstr.json"}));
}

TEST_F(RefreshRace, KeepsAFileThatCameBackWhileItWasBeingRemoved) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  pool_.files().remove("/runs/run/a.ktstr.json");
  pool_.files().before_status("/runs/run/b.ktstr.json", [&] {
    pool_.put("run/a.ktstr.json", sidecar_of("c"));
    refresh_elsewhere();
  });
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|c", "run/b.ktstr.json|b"}));
}

TEST_F(RefreshRace, DoesNotStoreFilesUnderADirectoryThatAnotherRefreshRemoved) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.files().before_read("/runs/run/b.ktstr.json", [&] {
    pool_.files().remove("/runs/run");
    pool_.put("other/c.ktstr.json", sidecar_of("c"));  // would get the free id
    refresh_elsewhere();
  });
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.rows("SELECT path FROM pool WHERE run_dir = 'other'"),
            (Rows{"other/c.ktstr.json"}));
  pool_.wait();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"other/c.ktstr.json"}));
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM sidecar"), (Rows{"1"}));
}

TEST_F(RefreshRace, KeepsADirectoryThatCameBackWhileItWasBeingRemoved) {
  pool_.put("gone/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.settle();
  pool_.files().remove("/runs/gone");
  pool_.put("run/c.ktstr.json", sidecar_of("c"));
  pool_.files().before_read("/runs/run/c.ktstr.json", [&] {
    pool_.put("gone/d.ktstr.json", sidecar_of("d"));
    refresh_elsewhere();
  });
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"gone/d.ktstr.json", "run/b.ktstr.json", "run/c.ktstr.json"}));
}

}  // namespace
}  // namespace ktstr::test
