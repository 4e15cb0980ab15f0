// SPDX-License-Identifier: MIT
#include "catalog/mirror.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "database/schema.hpp"
#include "database/views.hpp"
#include "environment/places.hpp"
#include "support/child_process.hpp"
#include "support/clock_ahead.hpp"
#include "support/forwarding_file_system.hpp"
#include "support/rows_text.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"
#include "support/walker_oracle.hpp"

namespace ktstr::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The real file system; before each look at a path it calls `before_status`.
class WatchedFileSystem final : public ForwardingFileSystem {
 public:
  std::function<void(const std::string& path)> before_status = {};

  Result<FileStatus> status(const std::string& path, FollowLinks follow) override {
    if (before_status) before_status(path);
    return ForwardingFileSystem::status(path, follow);
  }
};

/// A runs root, and a mirror as one process has it.
class MirrorFixture : public testing::Test {
 protected:
  MirrorFixture() {
    std::filesystem::create_directory(directory_.path("runs"));
    options_.root = canonical_path(directory_.path("runs"));
    options_.location.path = default_catalog_path(options_.root);
    options_.file_system = &files_;
    begin_process();
  }

  /// As if another process wrote from now on.
  void begin_process() { mirror_ = std::make_unique<SharedMirror>(options_); }

  CatalogMirror observer() {
    return {*mirror_, warned_, [this](std::string_view line) { lines_.emplace_back(line); }};
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return options_.root + "/" + name;
  }
  [[nodiscard]] const std::string& catalog_path() const { return options_.location.path; }

  /// Puts a file in place as a writer does.
  static void put(const std::string& file, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file + ".tmp.1", std::ios::binary) << bytes;
    std::filesystem::rename(file + ".tmp.1", file);
  }
  static Stamp stamp_of(const std::string& file) {
    return system_file_system().status(file, FollowLinks::no)->stamp;
  }
  /// Puts it in place and announces that. The path is below the root unless it is absolute.
  void write(const std::string& name, const std::string& bytes) {
    const std::string file = name.front() == '/' ? name : path(name);
    put(file, bytes);
    observer().written({file, &bytes, stamp_of(file)});
  }
  void write(const std::string& name) { write(name, sidecar_of("a")); }
  void announce_removed(const Rows& names) {
    std::vector<FileChange> changes;
    for (const std::string& name : names) changes.push_back({path(name)});
    observer().removed(changes);
  }

  Catalog open(const std::string& at) const {
    CatalogOptions options{options_.root, options_.location};
    options.location.path = at;
    return std::move(Catalog::open(options, system_file_system(), system_clock()).value());
  }
  Catalog open() const { return open(catalog_path()); }
  RefreshReport refresh(Catalog& catalog, CheckLevel level, const Clock& clock = system_clock()) {
    RefreshOptions options;
    options.level = level;
    options.workers = 0;
    return catalog.refresh(system_file_system(), clock, options).value();
  }
  /// What the catalog says without a look at the files.
  Rows rows(const std::string& sql) const {
    Catalog catalog = open();
    return rows_text(catalog.database(), sql);
  }
  Rows paths() const { return rows("SELECT path FROM files ORDER BY path"); }
  /// Of all views but those named, sorted; ids that only the catalog knows are left out.
  static std::map<std::string, Rows> view_rows(Catalog& catalog, const std::set<std::string>& but) {
    std::map<std::string, Rows> views;
    for (const ViewDefinition& view : view_definitions(Store::catalog)) {
      if (but.count(view.name) != 0) continue;
      Rows& all = views[view.name];
      all = rows_text(catalog.database(), "SELECT * FROM " + view.name);
      SQLite::Statement columns(catalog.database(), "SELECT * FROM " + view.name);
      if (columns.getColumnName(0) == std::string("sidecar_id")) {
        for (std::string& row : all) row.erase(0, row.find('|'));
      }
      std::sort(all.begin(), all.end());
    }
    return views;
  }
  /// What a refresh makes of the same files, from nothing.
  std::map<std::string, Rows> refreshed_view_rows(const std::set<std::string>& but) {
    Catalog other = open(directory_.path("other.sqlite3"));
    refresh(other, CheckLevel::files);
    return view_rows(other, but);
  }
  std::map<std::string, Rows> mirrored_view_rows(const std::set<std::string>& but) {
    Catalog catalog = open();
    return view_rows(catalog, but);
  }

  TemporaryDirectory directory_;
  WatchedFileSystem files_;
  MirrorOptions options_;
  std::unique_ptr<SharedMirror> mirror_;
  OnceGate warned_;
  Rows lines_;
};

using Mirror = MirrorFixture;
using MirrorTrouble = MirrorFixture;
using ConcurrentMirror = MirrorFixture;

/// With a bit of everything that hangs on a result.
Record full_record(const std::string& test_name) {
  Record record = small_record(test_name);
  record.host.emplace().kernel_name = "Linux";
  record.host->cpu_model = "Model";
  record.passed = false;
  return record;
}

TEST_F(Mirror, StoresWhatARefreshWouldStore) {
  write("run/a-0123456789abcdef.ktstr.json", encode_record(full_record("a")));
  write("run/b.ktstr.json", sidecar_of("b"));
  write("run/drifted.ktstr.json", k_drifted);
  write("other/job/c.ktstr.json", encode_record(full_record("c")));
  const std::set<std::string> of_directories = {"about", "run_dirs"};
  EXPECT_EQ(paths().size(), 4U);
  EXPECT_EQ(mirrored_view_rows(of_directories), refreshed_view_rows(of_directories));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(Mirror, ReplacesTheRowOfAnEarlierResult) {
  write("run/a.ktstr.json", encode_record(full_record("a")));
  write("run/a.ktstr.json", sidecar_of("a"));
  const std::set<std::string> of_directories = {"about", "run_dirs"};
  EXPECT_EQ(mirrored_view_rows(of_directories), refreshed_view_rows(of_directories));
  EXPECT_EQ(rows("SELECT count(*) FROM hosts"), (Rows{"0"}));
}

TEST_F(Mirror, RemovesTheRowsOfFilesThatAreGone) {
  write("run/a.ktstr.json", encode_record(full_record("a")));
  write("run/b.ktstr.json");
  write("run/c.ktstr.json");
  std::filesystem::remove(path("run/a.ktstr.json"));
  std::filesystem::remove(path("run/b.ktstr.json"));
  announce_removed({"run/a.ktstr.json", "run/b.ktstr.json", "run/x.ktstr.json.tmp.1.2"});
  EXPECT_THAT(paths(), ElementsAre("run/c.ktstr.json"));
  const std::set<std::string> of_directories = {"about", "run_dirs"};
  EXPECT_EQ(mirrored_view_rows(of_directories), refreshed_view_rows(of_directories));
}

TEST_F(Mirror, KeepsTheRowOfARemovedFileThatIsBack) {
  write("run/a.ktstr.json");
  announce_removed({"run/a.ktstr.json"});
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json"));
}

TEST_F(Mirror, DoesNothingForAFileThatWasReplacedMeanwhile) {
  put(path("run/a.ktstr.json"), sidecar_of("first"));
  const Stamp first = stamp_of(path("run/a.ktstr.json"));
  write("run/a.ktstr.json", sidecar_of("second"));
  const std::string bytes = sidecar_of("first");
  observer().written({path("run/a.ktstr.json"), &bytes, first});
  EXPECT_EQ(rows("SELECT test_name FROM results"), (Rows{"second"}));
}

TEST_F(Mirror, DoesNothingForAFileThatIsReplacedWhileItsRowIsWritten) {
  bool is_replaced = false;
  files_.before_status = [&](const std::string& file) {
    if (file == path("run/a.ktstr.json") && !std::exchange(is_replaced, true)) {
      put(file, sidecar_of("second"));
    }
  };
  write("run/a.ktstr.json", sidecar_of("first"));
  EXPECT_TRUE(is_replaced);
  EXPECT_THAT(paths(), IsEmpty());
}

TEST_F(Mirror, LeavesARowThatARefreshHasSettled) {
  put(path("run/a.ktstr.json"), sidecar_of("a"));
  {
    Catalog catalog = open();
    refresh(catalog, CheckLevel::files, ClockAhead());
  }
  const std::string bytes = sidecar_of("a");
  observer().written({path("run/a.ktstr.json"), &bytes, stamp_of(path("run/a.ktstr.json"))});
  EXPECT_EQ(rows("SELECT settled FROM sidecar"), (Rows{"1"}));
}

TEST_F(Mirror, LeavesTheDirectoryToTheNextRefreshWhichReadsNothingNew) {
  put(path("run/old.ktstr.json"), sidecar_of("old"));
  {
    Catalog catalog = open();
    refresh(catalog, CheckLevel::files, ClockAhead());
  }
  put(path("run/unseen.failure-dump.json"), "{}");
  write("run/a.ktstr.json");
  write("run/b.ktstr.json");

  Catalog catalog = open();
  const RefreshReport first = refresh(catalog, CheckLevel::dirs);
  EXPECT_EQ(first.directories_listed, 1);
  EXPECT_EQ(first.files_added, 0);
  EXPECT_EQ(first.files_changed, 0);
  EXPECT_EQ(catalog_facts(catalog.database()), walked_facts(options_.root));
  EXPECT_EQ(view_rows(catalog, {"about"}), refreshed_view_rows({"about"}));

  const ClockAhead later;
  EXPECT_EQ(refresh(catalog, CheckLevel::dirs, later).directories_listed, 1);
  EXPECT_EQ(refresh(catalog, CheckLevel::dirs, later).directories_listed, 0);
}

TEST_F(Mirror, OfAJobMakesBothDirectoriesLookedAt) {
  write("run/job/a.ktstr.json");
  put(path("run/beside.ktstr.json"), sidecar_of("beside"));
  Catalog catalog = open();
  const RefreshReport report = refresh(catalog, CheckLevel::dirs);
  EXPECT_EQ(report.directories_listed, 2);
  EXPECT_EQ(report.files_added, 1);
  EXPECT_EQ(catalog_facts(catalog.database()), walked_facts(options_.root));
}

TEST_F(Mirror, TakesALinkToTheRootForTheRoot) {
  std::filesystem::create_directory_symlink(options_.root, directory_.path("link"));
  write(directory_.path("link/run/a.ktstr.json"), sidecar_of("a"));
  write(directory_.path("link/run/../run/./job/b.ktstr.json"), sidecar_of("b"));
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json", "run/job/b.ktstr.json"));
}

TEST_F(Mirror, FindsAFileThatIsNamedFromTheWorkingDirectory) {
  put(path("run/a.ktstr.json"), sidecar_of("a"));
  put(path("run/b.ktstr.json"), sidecar_of("b"));
  ChildProcess child([this] {
    const std::string bytes = sidecar_of("a");
    std::filesystem::current_path(path("run"));
    observer().written({"a.ktstr.json", &bytes, stamp_of("a.ktstr.json")});
    std::filesystem::current_path(options_.root);
    observer().written({"run/b.ktstr.json", &bytes, stamp_of("run/b.ktstr.json")});
    return true;
  });
  EXPECT_TRUE(child.succeeds());
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json", "run/b.ktstr.json"));
}

TEST_F(Mirror, KnowsALinkedRunDirectoryByItsOwnName) {
  std::filesystem::create_directory(directory_.path("elsewhere"));
  std::filesystem::create_directory_symlink(directory_.path("elsewhere"), path("linked"));
  write("linked/a.ktstr.json");
  const std::set<std::string> of_directories = {"about", "run_dirs"};
  EXPECT_THAT(paths(), ElementsAre("linked/a.ktstr.json"));
  EXPECT_EQ(mirrored_view_rows(of_directories), refreshed_view_rows(of_directories));
}

TEST_F(Mirror, MakesNoCatalogForWhatIsNoneOfItsBusiness) {
  write("a.ktstr.json");
  write("run/job/deeper/a.ktstr.json");
  write(directory_.path("outside/a.ktstr.json"), sidecar_of("a"));
  write(directory_.path("runs-too/run/a.ktstr.json"), sidecar_of("a"));
  write("run/a.failure-dump.json", "{}");
  write("run/a.ktstr.json", k_corrupt);
  announce_removed({"run/b.failure-dump.json", "run/b.ktstr.json.tmp.1.2"});
  EXPECT_FALSE(std::filesystem::exists(path(".ktstr-index")));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(Mirror, LeavesTheLogWhenItCloses) {
  write("run/a.ktstr.json");
  mirror_.reset();
  EXPECT_GT(std::filesystem::file_size(catalog_path() + "-wal"), 0U);
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json"));
}

TEST_F(Mirror, KeepsTheLogBounded) {
  Record record = full_record("a");
  for (int i = 0; i < 400; ++i) {
    record.test_name = "t" + std::to_string(i);
    write("run/" + record.test_name + ".ktstr.json", encode_record(record));
  }
  // Who is to copy it into the catalog is drawn by lot, so it can get a bit longer than its limit.
  EXPECT_LT(std::filesystem::file_size(catalog_path() + "-wal"), 16U << 20);
}

// What stands in its way.

TEST_F(MirrorTrouble, WithALockThatIsHeldEndsSoonWithOneWarning) {
  write("run/a.ktstr.json");
  Catalog other = open();
  {
    const ImmediateTransaction writing(other.database());
    const auto before = std::chrono::steady_clock::now();
    write("run/b.ktstr.json");
    const auto waited = std::chrono::steady_clock::now() - before;
    EXPECT_GE(waited, std::chrono::milliseconds(190));
    EXPECT_LT(waited, std::chrono::milliseconds(800));
    write("run/c.ktstr.json");
  }
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr("next refresh"));
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json"));
  refresh(other, CheckLevel::dirs);
  EXPECT_EQ(catalog_facts(other.database()), walked_facts(options_.root));
}

TEST_F(MirrorTrouble, WithALockIsMadeUpForByTheNextWrite) {
  write("run/a.ktstr.json");
  Catalog other = open();
  {
    const ImmediateTransaction writing(other.database());
    write("run/b.ktstr.json");
    write("run/c.ktstr.json", sidecar_of("first"));
  }
  put(path("run/c.ktstr.json"), sidecar_of("second"));  // of which nobody is told
  write("run/d.ktstr.json");
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json", "run/b.ktstr.json", "run/d.ktstr.json"));
  EXPECT_EQ(lines_.size(), 1U);
}

TEST_F(MirrorTrouble, WithACatalogThatCouldNotSwitchToALogSwitchesLater) {
  static_cast<void>(open());
  SQLite::Database other(catalog_path(), SQLite::OPEN_READWRITE);
  EXPECT_EQ(rows_text(other, "PRAGMA journal_mode = DELETE"), (Rows{"delete"}));
  other.exec("BEGIN");
  EXPECT_EQ(rows_text(other, "SELECT count(*) FROM sidecar"), (Rows{"0"}));
  write("run/a.ktstr.json");  // without a log, a reader keeps it from switching and from writing
  EXPECT_EQ(lines_.size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(catalog_path() + "-wal"));
  other.exec("COMMIT");
  write("run/b.ktstr.json");
  EXPECT_TRUE(std::filesystem::exists(catalog_path() + "-wal"));
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json", "run/b.ktstr.json"));
}

TEST_F(MirrorTrouble, WithALockWhileItMakesTheCatalogEndsSoonToo) {
  std::filesystem::create_directory(path(".ktstr-index"));
  SQLite::Database other(catalog_path(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  {
    const ImmediateTransaction writing(other);
    const auto before = std::chrono::steady_clock::now();
    write("run/a.ktstr.json");
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(800));
  }
  EXPECT_EQ(lines_.size(), 1U);
  write("run/b.ktstr.json");
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json", "run/b.ktstr.json"));
}

TEST_F(MirrorTrouble, IsNotAReaderInTheMidstOfItsTransaction) {
  write("run/a.ktstr.json");
  Catalog reader = open();
  reader.database().exec("BEGIN");
  EXPECT_EQ(rows_text(reader.database(), "SELECT count(*) FROM files"), (Rows{"1"}));
  write("run/b.ktstr.json");
  EXPECT_EQ(rows_text(reader.database(), "SELECT count(*) FROM files"), (Rows{"1"}));
  reader.database().exec("COMMIT");
  EXPECT_EQ(rows_text(reader.database(), "SELECT count(*) FROM files"), (Rows{"2"}));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(MirrorTrouble, WithADeletedCatalogBeginsANewOne) {
  write("run/a.ktstr.json");
  std::filesystem::remove_all(path(".ktstr-index"));
  write("run/b.ktstr.json");
  write("run/c.ktstr.json");
  EXPECT_THAT(paths(), ElementsAre("run/b.ktstr.json", "run/c.ktstr.json"));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(MirrorTrouble, WithATextFileForACatalogPutsThatAsideAndSaysSo) {
  put(catalog_path(), "these are my notes, please keep them, and no database at all");
  write("run/a.ktstr.json");
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json"));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr(".aside-"));
}

TEST_F(MirrorTrouble, WithANewerCatalogIsOverForTheProcess) {
  static_cast<void>(open());
  const auto set_version = [this](const char* version) {
    SQLite::Database database(catalog_path(), SQLite::OPEN_READWRITE);
    database.exec(std::string("PRAGMA user_version = ") + version);
  };
  const std::string own = rows("PRAGMA user_version")[0];
  set_version("77");
  write("run/a.ktstr.json");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr("77"));
  set_version(own.c_str());
  write("run/b.ktstr.json");
  EXPECT_THAT(paths(), IsEmpty());
  begin_process();
  write("run/c.ktstr.json");
  EXPECT_THAT(paths(), ElementsAre("run/c.ktstr.json"));
}

TEST_F(MirrorTrouble, WithADirectoryInTheCatalogsPlaceIsOneWarning) {
  std::filesystem::create_directories(catalog_path() + "/in-the-way");
  write("run/a.ktstr.json");
  write("run/b.ktstr.json");
  EXPECT_EQ(lines_.size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(path("run/b.ktstr.json")));
}

TEST_F(MirrorTrouble, WithAReadOnlyPlaceIsOneWarning) {
  static_cast<void>(open());
  write("run/a.ktstr.json");
  begin_process();
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(path("run"), std::filesystem::perms(0777));
  std::filesystem::permissions(catalog_path(), std::filesystem::perms(0444));
  std::filesystem::permissions(path(".ktstr-index"), std::filesystem::perms(0555));
  ChildProcess child([this] {
    constexpr uid_t k_nobody = 65534;  // to root, nothing is read-only
    if (::geteuid() == 0 && ::setresuid(k_nobody, k_nobody, k_nobody) != 0) return false;
    write("run/b.ktstr.json");
    write("run/c.ktstr.json");
    return lines_.size() == 1 && std::filesystem::exists(path("run/c.ktstr.json"));
  });
  EXPECT_TRUE(child.succeeds());
  std::filesystem::permissions(path(".ktstr-index"), std::filesystem::perms(0755));
  EXPECT_THAT(paths(), ElementsAre("run/a.ktstr.json"));
}

TEST_F(MirrorTrouble, OfAProcessThatIsKilledBeforeTheCommitIsRepairedByARefresh) {
  write("run/a.ktstr.json");
  write("run/b.ktstr.json", encode_record(full_record("b")));
  begin_process();
  ChildProcess child([this] {
    files_.before_status = [this](const std::string& file) {
      if (file == path("run/b.ktstr.json")) ::kill(::getpid(), SIGKILL);
    };
    write("run/b.ktstr.json");
    return true;
  });
  EXPECT_TRUE(child.is_killed());
  EXPECT_EQ(rows("SELECT test_name FROM results ORDER BY 1"), (Rows{"a", "b"}));
  Catalog catalog = open();
  EXPECT_EQ(refresh(catalog, CheckLevel::dirs).files_changed, 1);
  EXPECT_EQ(catalog_facts(catalog.database()), walked_facts(options_.root));
}

// Several at once.

TEST_F(ConcurrentMirror, OfOneProcessStoresTheFilesOfAllThreads) {
  options_.wait_ms = 60'000;
  begin_process();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 10; ++i) {
        write("run/t" + std::to_string(thread) + "_" + std::to_string(i) + ".ktstr.json");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(paths().size(), 40U);
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ConcurrentMirror, AndRefreshesEndWithWhatAWalkSays) {
  options_.wait_ms = 60'000;
  begin_process();
  std::atomic<bool> is_done = false;
  std::thread refresher([&] {
    Catalog catalog = open();
    while (!is_done) refresh(catalog, CheckLevel::dirs);
  });
  for (int i = 0; i < 60; ++i) {
    const std::string name =
        "run" + std::to_string(i % 3) + "/t" + std::to_string(i % 7) + ".ktstr.json";
    write(name, sidecar_of("t" + std::to_string(i)));
    if (i % 5 == 0) {
      std::filesystem::remove(path(name));
      announce_removed({name});
    }
  }
  is_done = true;
  refresher.join();
  EXPECT_THAT(lines_, IsEmpty());
  Catalog catalog = open();
  refresh(catalog, CheckLevel::dirs);
  EXPECT_EQ(catalog_facts(catalog.database()), walked_facts(options_.root));
}

}  // namespace
}  // namespace ktstr::test
