// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "catalog/catalog.hpp"
#include "support/clock_ahead.hpp"
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

}  // namespace
}  // namespace ktstr::test
