// SPDX-License-Identifier: MIT
#include "archive/archive.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "database/schema.hpp"
#include "support/archive_fixture.hpp"
#include "support/rows_text.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

constexpr std::int64_t k_week_ns = std::int64_t{7} * 24 * 3600 * 1'000'000'000;

class ArchiveOpening : public testing::Test {
 protected:
  ArchiveOpening() { options_.path = directory_.path("data/ktstr-index/archive.sqlite3"); }

  Result<Archive> open() { return Archive::open(options_, system_file_system(), clock_); }
  [[nodiscard]] static std::filesystem::perms mode(const std::string& path) {
    return std::filesystem::status(path).permissions();
  }
  /// An archive of 300 results whose last check is a week ago.
  void fill() {
    FilledArchive filled(options_.path);
    filled.fill(300, "a");
    filled.close_log();
  }
  /// Zeros the root of the sidecars' rows and every other page of documents' bytes.
  void damage() const {
    SQLite::Database database(options_.path, SQLite::OPEN_READONLY);
    SQLite::Statement select(database,
                             "SELECT pageno - 1 FROM dbstat WHERE name = 'sidecar' AND path = '/' "
                             "OR name = 'document_bytes' AND pagetype = 'leaf' AND pageno % 2 = 0");
    std::fstream stream(options_.path, std::ios::in | std::ios::out | std::ios::binary);
    while (select.executeStep()) {
      stream.seekp(select.getColumn(0).getInt64() * 8192);
      stream << std::string(8192, '\0');
    }
  }
  std::vector<std::string> put_aside() const {
    std::vector<std::string> found;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(options_.path).parent_path())) {
      const std::string name = entry.path().filename();
      const bool is_side_file = name.size() > 4 && name[name.size() - 4] == '-';
      if (name.find(".aside-") != std::string::npos && !is_side_file) found.push_back(entry.path());
    }
    return found;
  }

  TemporaryDirectory directory_;
  FakeClock clock_;
  ArchiveOptions options_;
};

TEST_F(ArchiveOpening, MakesADirectoryAndAFileForTheOwnerOnly) {
  const auto archive = open();
  ASSERT_TRUE(archive) << archive.error().text();
  EXPECT_TRUE(archive->is_new());
  using std::filesystem::perms;
  EXPECT_EQ(mode(directory_.path("data/ktstr-index")), perms::owner_all);
  EXPECT_EQ(mode(options_.path), perms::owner_read | perms::owner_write);
  EXPECT_EQ(mode(options_.path + "-wal"), perms::owner_read | perms::owner_write);
}

TEST_F(ArchiveOpening, HasNothingToSayOfASoundArchive) {
  { ASSERT_TRUE(open()); }
  const auto archive = open();
  ASSERT_TRUE(archive);
  EXPECT_FALSE(archive->is_new());
  EXPECT_TRUE(archive->warnings().empty());
}

TEST_F(ArchiveOpening, RefusesALayoutOfANewerProgramAndLeavesItAsItIs) {
  { ASSERT_TRUE(open()); }
  SQLite::Database(options_.path, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  const auto archive = open();
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().code, ErrorCode::newer_version);
  EXPECT_NE(archive.error().message.find("99"), std::string::npos);
  EXPECT_TRUE(put_aside().empty());
}

TEST_F(ArchiveOpening, RefusesSomebodyElsesDatabase) {
  std::filesystem::create_directories(directory_.path("data/ktstr-index"));
  SQLite::Database(options_.path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE precious(a); INSERT INTO precious VALUES(1)");
  const auto archive = open();
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().code, ErrorCode::usage);
  SQLite::Database database(options_.path, SQLite::OPEN_READONLY);
  EXPECT_EQ(rows_text(database, "SELECT * FROM precious"), Rows{"1"});
}

TEST_F(ArchiveOpening, ToReadMakesNothing) {
  const auto archive = open_archive_to_read(options_.path);
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().code, ErrorCode::not_found);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(ArchiveOpening, LooksForDamageOnlyWhenAWeekHasPassed) {
  fill();
  options_.check_integrity = true;
  { ASSERT_TRUE(open()); }
  damage();
  clock_.advance(k_week_ns - 1);
  {
    const auto archive = open();
    ASSERT_TRUE(archive);
    EXPECT_TRUE(archive->warnings().empty());
  }
  clock_.advance(1);
  const auto archive = open();
  ASSERT_TRUE(archive) << archive.error().text();
  EXPECT_EQ(archive->warnings().size(), 1u);
}

TEST_F(ArchiveOpening, CarriesWhatIsReadableOutOfADamagedArchiveAndSaysWhatIsLost) {
  fill();
  damage();
  options_.check_integrity = true;
  auto archive = open();
  ASSERT_TRUE(archive) << archive.error().text();
  ASSERT_EQ(archive->warnings().size(), 1u);
  const auto aside = put_aside();
  ASSERT_EQ(aside.size(), 1u);
  const std::string& warning = archive->warnings().front().text;
  EXPECT_NE(warning.find(aside.front()), std::string::npos) << warning;
  EXPECT_NE(warning.find("lost, as far as can be told: "), std::string::npos) << warning;
  EXPECT_EQ(mode(options_.path), std::filesystem::perms(0600));
  // The table's root page is gone, but names and bytes stand elsewhere.
  EXPECT_GT(archive->database().execAndGet("SELECT count(*) FROM results").getInt(), 100);
  EXPECT_EQ(rows_text(archive->database(), "PRAGMA integrity_check"), Rows{"ok"});
}

TEST_F(ArchiveOpening, TakesAFileThatIsNoDatabaseAsADamagedArchive) {
  directory_.write("data/ktstr-index/archive.sqlite3", std::string(20'000, 'x'));
  const auto archive = open();
  ASSERT_TRUE(archive) << archive.error().text();
  ASSERT_EQ(archive->warnings().size(), 1u);
  EXPECT_NE(archive->warnings().front().text.find("all else is lost"), std::string::npos);
  EXPECT_EQ(put_aside().size(), 1u);
}

TEST_F(ArchiveOpening, BacksUpAnOlderLayout) {
  fill();
  SQLite::Database(options_.path, SQLite::OPEN_READWRITE)
      .exec("DROP INDEX document_of_dumps; PRAGMA user_version = 1");
  {
    auto archive = open();
    ASSERT_TRUE(archive) << archive.error().text();
    EXPECT_EQ(rows_text(archive->database(), "SELECT count(*) FROM results"), Rows{"300"});
    EXPECT_TRUE(schema_differences(archive->database(), Store::archive).none());
  }
  bool has_copy = false;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory_.path("data/ktstr-index"))) {
    if (entry.path().filename().string().find(".layout-1-") == std::string::npos) continue;
    if (entry.path().string().back() == 'l' || entry.path().string().back() == 'm') continue;
    has_copy = true;
    EXPECT_EQ(mode(entry.path()), std::filesystem::perms(0600));
    SQLite::Database copy(entry.path(), SQLite::OPEN_READONLY);
    EXPECT_EQ(rows_text(copy, "SELECT count(*) FROM sidecar"), Rows{"300"});
  }
  EXPECT_TRUE(has_copy);
}

TEST_F(ArchiveOpening, DropsWhatIsNotOursAndSaysSo) {
  fill();
  SQLite::Database(options_.path, SQLite::OPEN_READWRITE)
      .exec("CREATE TRIGGER evil AFTER INSERT ON sidecar BEGIN SELECT 1; END; DROP VIEW results");
  auto archive = open();
  ASSERT_TRUE(archive) << archive.error().text();
  ASSERT_EQ(archive->warnings().size(), 1u);
  EXPECT_NE(archive->warnings().front().text.find("the trigger evil"), std::string::npos);
  EXPECT_TRUE(schema_differences(archive->database(), Store::archive).none());
  EXPECT_TRUE(put_aside().empty());
}

TEST_F(ArchiveOpening, CarriesTheRowsOutOfTablesThatAreNotOurs) {
  fill();
  SQLite::Database(options_.path, SQLite::OPEN_READWRITE)
      .exec("ALTER TABLE label ADD COLUMN evil AS (hex(zeroblob(500000000)))");
  auto archive = open();
  ASSERT_TRUE(archive) << archive.error().text();
  EXPECT_EQ(put_aside().size(), 1u);
  EXPECT_EQ(rows_text(archive->database(), "SELECT count(*) FROM results"), Rows{"300"});
}

class ConcurrentArchiveOpening : public ArchiveOpening {};

TEST_F(ConcurrentArchiveOpening, OfADamagedArchiveByTwoReplacesItOnce) {
  fill();
  damage();
  options_.check_integrity = true;
  std::vector<Result<Archive>> archives;
  for (int i = 0; i < 2; ++i) archives.emplace_back(fail(ErrorCode::io, "not opened"));
  std::vector<std::thread> threads;
  for (auto& archive : archives) threads.emplace_back([&] { archive = open(); });
  for (std::thread& thread : threads) thread.join();
  std::size_t warnings = 0;
  for (auto& archive : archives) {
    ASSERT_TRUE(archive) << archive.error().text();
    warnings += archive->warnings().size();
    EXPECT_GT(archive->database().execAndGet("SELECT count(*) FROM results").getInt(), 100)
        << archive->warnings().front().text;
  }
  EXPECT_EQ(warnings, 1u);
  EXPECT_EQ(put_aside().size(), 1u);
}

}  // namespace
}  // namespace ktstr::test
