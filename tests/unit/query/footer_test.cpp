// SPDX-License-Identifier: MIT
#include "store/footer.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <ostream>
#include <random>

#include "query/failed_tests.hpp"
#include "report/documents.hpp"
#include "support/fake_pool.hpp"
#include "support/pool_mutator.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

std::string shown(const std::vector<RunDirectorySummary>& summaries) {
  return json_document(JsonValue(footer_document(summaries)));
}

/// The catalog's answer, which has to be the direct one.
void expect_same(SQLite::Database& database, const std::string& root, FileSystem& files,
                 std::int64_t since_ns, const std::string& steps) {
  FooterOptions options;
  options.since_ns = since_ns;
  const auto direct = summarize_run_artifacts(files, root, options);
  const auto stored = summarize_catalog(database, root, files, options);
  ASSERT_TRUE(stored) << stored.error().text();
  EXPECT_EQ(shown(*stored), shown(direct)) << "since " << since_ns << "\n" << steps;
  EXPECT_EQ(*stored, direct) << "since " << since_ns << "\n" << steps;
}

/// Fills a runs root in memory with whatever matters to the footer.
class RandomFooterFiles {
 public:
  RandomFooterFiles(FakePool& pool, unsigned seed) : pool_(pool), random_(seed) {}

  std::string step() {
    const std::string path = any({"/runs/run1/", "/runs/run1/", "/runs/run2/", "/runs/link/",
                                  "/elsewhere/", "/runs/.dot/", "/runs/run1/job/", "/runs/"}) +
                             name();
    FakeFileSystem& files = pool_.files();
    if (files.status(path, FollowLinks::no)) files.remove(path);
    const std::string form = make(path);
    // Follows a link, which may lead nowhere.
    if (files.status(path, FollowLinks::yes)) files.set_mtime_ns(path, k_times[below(3)]);
    return form + " " + path + "\n";
  }

  static constexpr std::int64_t k_times[] = {1'000'000'000, 1'000'000'001, 1'000'000'002};

 private:
  std::string make(const std::string& path) {
    FakeFileSystem& files = pool_.files();
    files.fail_open(path, 0);
    switch (below(16)) {
      case 0:
        files.make_symlink(path, "/elsewhere/a-000000000000000a.ktstr.json");
        return "link";
      case 1:
        files.make_fifo(path);
        return "fifo";
      case 2:
        files.make_directory(path);
        return "directory";
      case 3:
        return "nothing";
      case 4:
        files.put_file(path, "");
        return "empty";
      case 5:
        files.put_file(path, content());
        files.fail_open(path, EACCES);
        return "locked";
      default:
        files.put_file(path, content());
        return "file";
    }
  }

  std::string name() {
    return any({"a", "b", "c-x"}) +
           any({"", "-000000000000000a", "-000000000000000b", "-0000000000000000"}) +
           any({".ktstr.json", ".ktstr.json", ".ktstr.json", ".failure-dump.json",
                ".failure-dump.json", ".repro.failure-dump.json", ".wprof.pb", ".repro.wprof.pb",
                ".ktstr.json.tmp.1.x", ".ktstr.failure-dump.json", ".ktstr.x.json", ".txt"});
  }

  std::string content() {
    Record record = small_record("t");
    record.scheduler = any({"scx_a", "scx_b"});
    record.topology = any({"1n1l2c1t", "1n2l2c1t"});
    record.passed = false;
    switch (below(10)) {
      case 0:
        return k_drifted;
      case 1:
        return k_corrupt;
      case 2:
        return k_not_utf8;
      case 3:
        record.skipped = true;
        break;
      case 4:
        record.inconclusive = true;
        break;
      case 5:
        record.passed = true;
        record.expected_failure = true;
        break;
      case 6:
        record.passed = true;
        break;
      default:
        break;
    }
    return encode_record(record);
  }

  std::string any(const std::vector<std::string>& texts) { return texts[below(texts.size())]; }
  // Not a distribution of the library's: those differ between libraries.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_()) % count; }

  FakePool& pool_;
  std::mt19937 random_;
};

class RandomFooter : public testing::TestWithParam<unsigned> {};

TEST_P(RandomFooter, IsWhatADirectScanSaysAfterEveryFewChanges) {
  FakePool pool;
  for (const char* directory : {"/elsewhere", "/runs/run1/job", "/runs/run2", "/runs/.dot"}) {
    pool.files().make_directory(directory);
  }
  pool.files().make_symlink("/runs/link", "/elsewhere");
  RandomFooterFiles files(pool, GetParam());
  std::string steps;
  bool has_failed = false;
  for (int i = 0; i < 300; ++i) {
    steps += files.step();
    if (i % 5 != 0) continue;
    static_cast<void>(pool.refresh(CheckLevel::files));
    if (i % 2 == 0) pool.wait();
    for (const std::int64_t since_ns :
         {k_since_ever, RandomFooterFiles::k_times[1], RandomFooterFiles::k_times[2],
          RandomFooterFiles::k_times[2] + 1}) {
      expect_same(pool.database(), "/runs", pool.files(), since_ns, steps);
    }
    for (const auto& directory : summarize_run_artifacts(pool.files(), "/runs", {})) {
      has_failed = has_failed || !directory.failed.empty();
    }
    if (HasFailure()) return;
  }
  EXPECT_TRUE(has_failed);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFooter, testing::Values(1U, 2U, 3U, 4U));

TEST(FooterOfTheCatalog, IsWhatADirectScanOfTheRealFileSystemSays) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("runs"));
  std::filesystem::create_directory(directory.path("elsewhere"));
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(database, Store::catalog);
  PoolMutator mutator(directory.path("runs"), directory.path("elsewhere"), Mutations::all, 5);
  std::string steps;
  for (int i = 0; i < 150; ++i) {
    steps += mutator.step() + "\n";
    if (i % 10 != 0) continue;
    ASSERT_TRUE(
        refresh(database, directory.path("runs"), system_file_system(), system_clock(), {}));
    expect_same(database, directory.path("runs"), system_file_system(), k_since_ever, steps);
    if (HasFailure()) return;
  }
}

TEST(FooterOfTheCatalog, ReadsNoSidecarAgain) {
  FakePool pool;
  Record record = small_record("t");
  record.passed = false;
  pool.put("run/t-000000000000000a.ktstr.json", encode_record(record));
  pool.put("run/t-000000000000000a.wprof.pb", "trace");
  pool.settle();
  const auto found = summarize_catalog(pool.database(), "/runs", pool.files());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().failed.size(), 1U);
  EXPECT_EQ(pool.files().opened(), Rows{});
  EXPECT_EQ(pool.files().statused(), Rows{});
}

TEST(FooterOfTheCatalog, SumsUpADirectoryThatCannotBeListedAsLastSeen) {
  FakePool pool;
  pool.put("run/t.failure-dump.json", "dump");
  pool.settle();
  pool.files().fail_list("/runs/run", EACCES);
  static_cast<void>(pool.refresh(CheckLevel::files));
  const auto found = summarize_catalog(pool.database(), "/runs", pool.files());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 1U);
}

TEST(FooterOfTheCatalog, SeesATraceThatWasWrittenInPlaceSince) {
  FakePool pool;
  pool.put("run/t.failure-dump.json", "dump");
  pool.settle();
  const std::int64_t start_ns = pool.clock().now_ns();
  FooterOptions options;
  options.since_ns = start_ns;
  EXPECT_TRUE(summarize_catalog(pool.database(), "/runs", pool.files(), options)->empty());
  pool.clock().advance(1);
  pool.files().overwrite_in_place("/runs/run/t.failure-dump.json", "newer");
  static_cast<void>(pool.refresh(CheckLevel::files));
  EXPECT_EQ(summarize_catalog(pool.database(), "/runs", pool.files(), options)->size(), 1U);
}

}  // namespace
}  // namespace ktstr::test
