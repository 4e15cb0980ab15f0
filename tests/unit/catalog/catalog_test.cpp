// SPDX-License-Identifier: MIT
#include "catalog/catalog.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file_system.hpp"
#include "database/schema.hpp"
#include "support/fake_clock.hpp"
#include "support/forwarding_file_system.hpp"
#include "support/rows_text.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

/// The real file system, but for directories that can't be made.
class ReadOnlyBelow final : public ForwardingFileSystem {
 public:
  explicit ReadOnlyBelow(std::string path) : path_(std::move(path)) {}

  Result<void> create_directories(const std::string& path) override {
    if (path.rfind(path_, 0) == 0) return fail(os_error(EROFS, path));
    return ForwardingFileSystem::create_directories(path);
  }

 private:
  std::string path_;
};

class CatalogOpening : public testing::Test {
 protected:
  CatalogOpening() {
    std::filesystem::create_directory(directory_.path("runs"));
    options_.root = directory_.path("runs");
    options_.location.path = options_.root + "/.ktstr-index/catalog.sqlite3";
  }

  const std::string& path() const { return options_.location.path; }
  Result<Catalog> open() { return Catalog::open(options_, system_file_system(), clock_); }
  void open_and_close() { ASSERT_TRUE(open()); }

  /// A catalog with one result, closed.
  void make_pool() {
    directory_.write("runs/run/a.ktstr.json", sidecar_of("a"));
    auto catalog = open();
    ASSERT_TRUE(catalog);
    RefreshOptions refresh;
    refresh.workers = 0;
    ASSERT_TRUE(catalog->refresh(system_file_system(), clock_, refresh));
    catalog->copy_log();  // what is done to the file shall hit something
  }

  void write_catalog(const std::string& bytes) {
    std::filesystem::create_directories(options_.root + "/.ktstr-index");
    std::filesystem::remove(path() + "-wal");
    std::filesystem::remove(path() + "-shm");
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }

  Rows put_aside() {
    Rows names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.root + "/.ktstr-index")) {
      const std::string name = entry.path().filename().string();
      if (name.find(".aside-") != std::string::npos) names.push_back(name);
    }
    return names;
  }

  /// That a damaged file is put aside with a warning and works again.
  void expect_rebuilt() {
    auto catalog = open();
    ASSERT_TRUE(catalog) << catalog.error().text();
    ASSERT_EQ(catalog->warnings().size(), 1U);
    EXPECT_NE(catalog->warnings()[0].find("a new one is made"), std::string::npos);
    EXPECT_EQ(put_aside().size(), 1U);
    EXPECT_EQ(rows_text(catalog->database(), "SELECT count(*) FROM results"), (Rows{"0"}));
  }

  TemporaryDirectory directory_;
  FakeClock clock_;
  CatalogOptions options_;
};

TEST_F(CatalogOpening, MakesANewCatalogAndItsDirectory) {
  auto catalog = open();
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->path(), path());
  EXPECT_TRUE(catalog->warnings().empty());
  EXPECT_EQ(rows_text(catalog->database(), "SELECT value FROM about WHERE key = 'root'"),
            (Rows{options_.root}));
  EXPECT_EQ(rows_text(catalog->database(), "PRAGMA journal_mode"), (Rows{"wal"}));
}

TEST_F(CatalogOpening, TakesAnEmptyFile) {
  write_catalog("");
  auto catalog = open();
  ASSERT_TRUE(catalog);
  EXPECT_TRUE(catalog->warnings().empty());
}

TEST_F(CatalogOpening, WritesNothingToACurrentCatalog) {
  make_pool();
  auto catalog = open();
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->database().getTotalChanges(), 0);
  EXPECT_EQ(rows_text(catalog->database(), "SELECT test_name FROM pool"), (Rows{"a"}));
}

TEST_F(CatalogOpening, RefusesANewerCatalogWithBothNumbersAndLeavesIt) {
  open_and_close();
  {
    SQLite::Database database(path(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA user_version = 77");
  }
  const auto catalog = open();
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::newer_version);
  EXPECT_NE(catalog.error().message.find("77"), std::string::npos);
  EXPECT_NE(catalog.error().message.find(std::to_string(layout_version(Store::catalog))),
            std::string::npos);
  EXPECT_EQ(put_aside(), Rows{});
}

TEST_F(CatalogOpening, PutsATextFileAside) {
  write_catalog("This is no database, but it is somebody's text.\n" + std::string(4096, 'x'));
  expect_rebuilt();
}

TEST_F(CatalogOpening, PutsAShortTextFileAside) {
  write_catalog("short");
  expect_rebuilt();
}

TEST_F(CatalogOpening, PutsAnotherProgramsDatabaseAside) {
  std::filesystem::create_directories(options_.root + "/.ktstr-index");
  {
    SQLite::Database database(path(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA application_id = 4711; CREATE TABLE t(a)");
  }
  expect_rebuilt();
}

TEST_F(CatalogOpening, PutsATruncatedCatalogAside) {
  make_pool();
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) / 2);
  expect_rebuilt();
}

TEST_F(CatalogOpening, LeavesASmallChangeInTheLogWhenItIsClosed) {
  make_pool();
  directory_.write("runs/run/b.ktstr.json", sidecar_of("b"));
  {
    auto catalog = open();
    ASSERT_TRUE(catalog);
    ASSERT_TRUE(catalog->refresh(system_file_system(), clock_, {}));
  }
  EXPECT_GT(std::filesystem::file_size(path() + "-wal"), 0U);
  auto again = open();
  ASSERT_TRUE(again);
  EXPECT_EQ(rows_text(again->database(), "SELECT test_name FROM pool ORDER BY 1"),
            (Rows{"a", "b"}));
  again->copy_log();
  EXPECT_EQ(std::filesystem::file_size(path() + "-wal"), 0U);
}

TEST_F(CatalogOpening, LosesOnlyTheLastChangeWithTheLogAndTheRefreshFindsIt) {
  make_pool();
  directory_.write("runs/run/b.ktstr.json", sidecar_of("b"));
  {
    auto catalog = open();
    ASSERT_TRUE(catalog);
    ASSERT_TRUE(catalog->refresh(system_file_system(), clock_, {}));
  }
  std::filesystem::remove(path() + "-wal");
  std::filesystem::remove(path() + "-shm");
  auto again = open();
  ASSERT_TRUE(again);
  RefreshOptions dirs;
  dirs.level = CheckLevel::dirs;
  ASSERT_TRUE(again->refresh(system_file_system(), clock_, dirs));
  EXPECT_EQ(rows_text(again->database(), "SELECT test_name FROM pool ORDER BY 1"),
            (Rows{"a", "b"}));
}

TEST_F(CatalogOpening, PutsEachOfTwoDamagedCatalogsAsideUnderItsOwnName) {
  write_catalog("first");
  open_and_close();
  write_catalog("second");
  open_and_close();
  EXPECT_EQ(put_aside().size(), 2U);  // the clock stood still in between
}

TEST_F(CatalogOpening, RebuildsACatalogWhoseDamageOnlyTheRefreshMeets) {
  make_pool();
  {
    // A page that opening does not touch.
    SQLite::Database database(path(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA journal_mode = DELETE");
    const auto page =
        database.execAndGet("SELECT rootpage FROM sqlite_master WHERE name = 'sidecar'");
    const auto size = database.execAndGet("PRAGMA page_size").getInt64();
    const std::int64_t offset = (page.getInt64() - 1) * size;
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(offset);
    file << std::string(static_cast<std::size_t>(size), '\xee');
  }
  auto catalog = open();
  ASSERT_TRUE(catalog);
  RefreshOptions refresh;
  refresh.workers = 0;
  const auto report = catalog->refresh(system_file_system(), clock_, refresh);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(catalog->warnings().size(), 1U);
  EXPECT_EQ(rows_text(catalog->database(), "SELECT test_name FROM pool"), (Rows{"a"}));
}

TEST_F(CatalogOpening, RebuildsACatalogWhoseRowsDoNotFitTogether) {
  make_pool();
  {
    SQLite::Database database(path(), SQLite::OPEN_READWRITE);
    database.exec("DELETE FROM sidecar; DELETE FROM directory");
  }
  auto catalog = open();
  ASSERT_TRUE(catalog);
  RefreshOptions refresh;
  refresh.workers = 0;
  ASSERT_TRUE(catalog->refresh(system_file_system(), clock_, refresh));
  EXPECT_EQ(catalog->warnings().size(), 1U);
  EXPECT_EQ(rows_text(catalog->database(), "SELECT test_name FROM pool"), (Rows{"a"}));
}

TEST_F(CatalogOpening, HasEveryFileReadAgainByAnotherExtractionVersion) {
  make_pool();
  {
    SQLite::Database database(path(), SQLite::OPEN_READWRITE);
    database.exec("UPDATE setting SET value = 0 WHERE key = 'extraction_version'");
    database.exec("UPDATE sidecar SET test_name = 'as it was read before'");
  }
  {
    auto catalog = open();
    ASSERT_TRUE(catalog);
    EXPECT_EQ(catalog->warnings().size(), 1U);
    RefreshOptions refresh;
    refresh.level = CheckLevel::dirs;
    refresh.workers = 0;
    ASSERT_TRUE(catalog->refresh(system_file_system(), clock_, refresh));
    EXPECT_EQ(rows_text(catalog->database(), "SELECT test_name FROM pool"), (Rows{"a"}));
  }
  const auto again = open();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->warnings().empty());
}

TEST_F(CatalogOpening, FollowsARootThatWasMoved) {
  make_pool();
  std::filesystem::rename(options_.root, directory_.path("moved"));
  options_.root = directory_.path("moved");
  options_.location.path = options_.root + "/.ktstr-index/catalog.sqlite3";
  auto catalog = open();
  ASSERT_TRUE(catalog);
  EXPECT_EQ(rows_text(catalog->database(), "SELECT value FROM about WHERE key = 'root'"),
            (Rows{options_.root}));
}

TEST_F(CatalogOpening, BelievesNoRowThatWasWrittenToAnotherFile) {
  make_pool();
  std::filesystem::rename(path(), path() + ".other");
  std::filesystem::copy_file(path() + ".other", path());
  std::filesystem::remove(path() + "-wal");
  {
    auto catalog = open();
    ASSERT_TRUE(catalog) << catalog.error().text();
    EXPECT_TRUE(catalog->was_emptied());
    EXPECT_EQ(catalog->warnings().size(), 1U);
    EXPECT_EQ(rows_text(catalog->database(), "SELECT count(*) FROM files"), (Rows{"0"}));
    EXPECT_EQ(rows_text(catalog->database(), "SELECT value FROM about WHERE key = 'root'"),
              (Rows{options_.root}));
  }
  auto again = open();
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->was_emptied());
  EXPECT_TRUE(again->warnings().empty());
}

TEST_F(CatalogOpening, LeavesWhatTheUserNamedAsItIs) {
  options_.location.path = directory_.path("mine");
  options_.location.is_in_root = false;
  options_.location.is_named = true;
  directory_.write("mine", "a text of the user's");
  const auto catalog = open();
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::usage);
  EXPECT_EQ(std::filesystem::file_size(path()), 20U);
}

TEST_F(CatalogOpening, RefusesAnotherRootsCatalogElsewhere) {
  options_.location.path = directory_.path("elsewhere/catalog.sqlite3");
  options_.location.is_in_root = false;
  open_and_close();
  options_.root = directory_.path("other");
  const auto catalog = open();
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::usage);
  EXPECT_NE(catalog.error().message.find(directory_.path("runs")), std::string::npos);
}

TEST_F(CatalogOpening, DoesNotMakeARootThatIsNotThere) {
  options_.root = directory_.path("nowhere");
  options_.location.path = options_.root + "/.ktstr-index/catalog.sqlite3";
  options_.location.others = {":memory:"};
  const auto catalog = open();
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(options_.root));
}

TEST_F(CatalogOpening, GoesToTheNextPlaceIfTheRootCantBeWritten) {
  options_.location.others = {directory_.path("cache/catalog.sqlite3"), ":memory:"};
  ReadOnlyBelow file_system(options_.root);
  auto catalog = Catalog::open(options_, file_system, clock_);
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->path(), directory_.path("cache/catalog.sqlite3"));
  EXPECT_EQ(catalog->warnings().size(), 1U);
}

TEST_F(CatalogOpening, EndsInMemoryIfNothingCanBeWritten) {
  options_.location.others = {directory_.path("cache/catalog.sqlite3"), ":memory:"};
  ReadOnlyBelow file_system(directory_.path());
  auto catalog = Catalog::open(options_, file_system, clock_);
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->path(), ":memory:");
  EXPECT_EQ(catalog->warnings().size(), 2U);
  EXPECT_EQ(rows_text(catalog->database(), "SELECT count(*) FROM results"), (Rows{"0"}));
}

TEST_F(CatalogOpening, SaysWhyIfThereIsNoOtherPlace) {
  ReadOnlyBelow file_system(options_.root);
  const auto catalog = Catalog::open(options_, file_system, clock_);
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::permission);
}

TEST_F(CatalogOpening, GoesToTheNextPlaceIfAFileIsInTheWay) {
  directory_.write("runs/.ktstr-index", "a file");
  options_.location.others = {":memory:"};
  const auto catalog = open();
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->path(), ":memory:");
}

TEST_F(CatalogOpening, NeedsNoFileInMemory) {
  options_.location.path = ":memory:";
  options_.location.is_in_root = false;
  auto catalog = open();
  ASSERT_TRUE(catalog);
  EXPECT_FALSE(std::filesystem::exists(options_.root + "/.ktstr-index"));
}

TEST_F(CatalogOpening, LeavesTheRowsOfAMissingRootAlone) {
  options_.location.path = directory_.path("elsewhere/catalog.sqlite3");
  options_.location.is_in_root = false;
  make_pool();
  std::filesystem::rename(options_.root, directory_.path("away"));
  auto catalog = open();
  ASSERT_TRUE(catalog);
  const auto report = catalog->refresh(system_file_system(), clock_, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::not_found);
  EXPECT_EQ(rows_text(catalog->database(), "SELECT test_name FROM pool"), (Rows{"a"}));
}

TEST(ConcurrentOpening, OfANewCatalogWorksForEveryThread) {
  const TemporaryDirectory directory;
  CatalogOptions options;
  options.root = directory.path();
  options.location.path = directory.path(".ktstr-index/catalog.sqlite3");
  constexpr int k_threads = 8;
  std::vector<std::string> problems(k_threads);
  std::vector<std::thread> threads;
  for (int i = 0; i < k_threads; ++i) {
    threads.emplace_back([&, i] {
      auto catalog = Catalog::open(options, system_file_system(), system_clock());
      if (!catalog) {
        problems[i] = catalog.error().text();
      } else if (!catalog->warnings().empty()) {
        problems[i] = catalog->warnings()[0];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(problems, std::vector<std::string>(k_threads));
}

}  // namespace
}  // namespace ktstr::test
