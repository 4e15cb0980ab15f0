// SPDX-License-Identifier: MIT
#include "query/failed_tests.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <ostream>
#include <random>

#include "report/documents.hpp"
#include "sample_catalog.hpp"
#include "store/footer.hpp"
#include "support/fake_pool.hpp"
#include "support/pool_mutator.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

using Names = std::vector<std::string>;

class FailedTestsOf : public ::testing::Test {
 protected:
  std::int64_t add_run(const std::string& name, std::int64_t mtime_ns, Value session = {}) {
    return catalog_.insert("directory", {{"run_dir", name},
                                         {"job", text("")},
                                         {"entry_mtime_ns", mtime_ns},
                                         {"session", std::move(session)}});
  }
  void add(std::int64_t directory, const char* test, const char* verdict,
           const char* status = "ok") {
    (void)catalog_.add_result(
        directory,
        {{"test_name", text(test)}, {"verdict", text(verdict)}, {"status", text(status)}});
  }
  FailedTests find(bool in_whole_pool = false) {
    auto found = find_failed_tests(catalog_.database(), in_whole_pool);
    EXPECT_TRUE(found) << found.error().text();
    return found.value_or(FailedTests{});
  }

  SampleCatalog catalog_;
};

TEST_F(FailedTestsOf, TheLastSessionAreThoseOfEveryDirectoryWithTheNewestOnesToken) {
  add(add_run("a", 10, text("now")), "in_a", "fail");
  add(add_run("b", 30, text("now")), "in_b", "fail");
  add(add_run("c", 20, text("before")), "in_c", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.scope.session, "now");
  EXPECT_EQ(found.scope.run_dirs, (Names{"a", "b"}));
  EXPECT_EQ(found.names, (Names{"in_a", "in_b"}));
  EXPECT_EQ(found.scope_results, 2);
  EXPECT_EQ(found.pool_results, 3);
}

TEST_F(FailedTestsOf, ADirectoryWithoutTokenStandForThemselves) {
  add(add_run("a", 10), "in_a", "fail");
  add(add_run("b", 30), "in_b", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.scope.session, std::nullopt);
  EXPECT_EQ(found.scope.run_dirs, Names{"b"});
  EXPECT_EQ(found.names, Names{"in_b"});
}

TEST_F(FailedTestsOf, EquallyNewDirectoriesAreThoseOfTheLastName) {
  add(add_run("b", 10), "in_b", "fail");
  add(add_run("c", 10), "in_c", "fail");
  add(add_run("a", 10), "in_a", "fail");
  EXPECT_EQ(find().names, Names{"in_c"});
}

TEST_F(FailedTestsOf, JobDirectoriesBelongToTheirRunIfItHasNoToken) {
  add_run("a", 10);
  add(catalog_.add_directory("a", "job-1"), "in_job", "fail");
  EXPECT_EQ(find().names, Names{"in_job"});
  EXPECT_EQ(find().left_in_jobs, 0);
}

TEST_F(FailedTestsOf, JobDirectoriesAreLeftOutOfASessionAndCountedByTest) {
  add(add_run("a", 10, text("now")), "both", "fail");
  add(add_run("other", 5, text("before")), "elsewhere", "fail");
  const auto job = catalog_.add_directory("a", "job-1");
  for (const char* test : {"in_job", "in_job", "both"}) add(job, test, "fail");
  add(job, "passed", "pass");
  add(catalog_.add_directory("other", "job-1"), "elsewhere_too", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.names, Names{"both"});
  EXPECT_EQ(found.scope_results, 1);
  EXPECT_EQ(found.left_in_jobs, 1);
  EXPECT_EQ(find(true).names, (Names{"both", "elsewhere", "elsewhere_too", "in_job"}));
}

TEST_F(FailedTestsOf, TheWholePoolAreThoseOfDotDirectoriesToo) {
  add(add_run("a", 10, text("now")), "in_a", "fail");
  add(add_run("b", 30), "in_b", "fail");
  add(add_run(".old", 40), "in_dot", "fail");
  const FailedTests found = find(true);
  EXPECT_TRUE(found.scope.is_whole_pool);
  EXPECT_EQ(found.scope.session, std::nullopt);
  EXPECT_EQ(found.scope.run_dirs, (Names{".old", "a", "b"}));
  EXPECT_EQ(found.names, (Names{"in_a", "in_b", "in_dot"}));
  EXPECT_EQ(find().names, Names{"in_b"});
}

TEST_F(FailedTestsOf, DotDirectoriesAloneAreTheWholePool) {
  add(add_run(".old", 40), "in_dot", "fail");
  EXPECT_TRUE(find().scope.is_whole_pool);
  EXPECT_EQ(find().names, Names{"in_dot"});
}

TEST_F(FailedTestsOf, ARunAreOnlyItsFailuresThatTheHarnessWouldLoad) {
  const auto run = add_run("a", 10);
  add(run, "passed", "pass");
  add(run, "skipped", "skip");
  add(run, "unjudged", "inconclusive");
  add(run, "drifted", "fail", "drift");
  add(run, "failed", "fail");
  const FailedTests found = find();
  EXPECT_EQ(found.names, Names{"failed"});
  EXPECT_EQ(found.scope_results, 4);
}

TEST_F(FailedTestsOf, ARunAreDistinctAndInByteOrder) {
  const auto run = add_run("a", 10);
  for (const char* name : {"b", "\xc3\xa4", "a", "B", "b", "a"}) add(run, name, "fail");
  EXPECT_EQ(find().names, (Names{"B", "a", "b", "\xc3\xa4"}));
}

TEST_F(FailedTestsOf, AnEmptyPoolAreNone) {
  EXPECT_EQ(find().pool_results, 0);
  EXPECT_TRUE(find().names.empty());
}

TEST_F(FailedTestsOf, AnEmptyDirectoryDoNotHideTheLastSession) {
  add(add_run("a", 10), "in_a", "fail");
  add_run("b", 30, text("now"));
  EXPECT_EQ(find().scope.run_dirs, Names{"a"});
  EXPECT_EQ(find().names, Names{"in_a"});
}

TEST_F(FailedTestsOf, ADirectoryOfBrokenFilesAreNoneWhateverTheOthersHold) {
  add(add_run("a", 10), "in_a", "fail");
  add(add_run("b", 30), "in_b", "fail", "corrupt");
  const FailedTests found = find();
  EXPECT_EQ(found.scope.run_dirs, Names{"b"});
  EXPECT_TRUE(found.names.empty());
  EXPECT_EQ(found.scope_results, 0);
  EXPECT_EQ(found.pool_results, 1);
}

TEST_F(FailedTestsOf, ARunWithoutResultsAreNoScopeAtAll) {
  add_run("a", 10, text("now"));
  EXPECT_EQ(find().scope.session, std::nullopt);
  EXPECT_TRUE(find().scope.run_dirs.empty());
}

TEST_F(FailedTestsOf, ASessionAreCountedByVerdictAndByTest) {
  const auto first = add_run("a", 10, text("now"));
  const auto second = add_run("b", 20, text("now"));
  add(first, "one", "pass");
  add(second, "one", "fail");
  add(second, "one", "fail");
  add(second, "two", "skip");
  add(second, "three", "inconclusive");
  add(second, "four", "fail", "drift");
  add(add_run("c", 30, text("before")), "one", "pass");
  const auto verdicts = session_verdicts(catalog_.database(), "now");
  ASSERT_TRUE(verdicts) << verdicts.error().text();
  EXPECT_EQ(verdicts->size(), 3U);
  EXPECT_EQ(verdicts->at("one").pass, 1);
  EXPECT_EQ(verdicts->at("one").fail, 2);
  EXPECT_EQ(verdicts->at("two").skip, 1);
  EXPECT_EQ(verdicts->at("three").inconclusive, 1);
}

TEST_F(FailedTestsOf, ASessionAreNotCountedInFilesThatWereThereBefore) {
  const auto run = add_run("a", 10, text("now"));
  const auto put = [&](const char* file, std::int64_t inode, std::int64_t mtime_ns) {
    return catalog_.add_result(run, {{"file_name", text(file)},
                                     {"test_name", text(file)},
                                     {"inode", inode},
                                     {"mtime_ns", mtime_ns}});
  };
  put("same", 1, 100);
  const auto renamed = put("renamed", 2, 100);
  const auto edited = put("edited", 3, 100);
  const auto before = session_files(catalog_.database(), "now");
  ASSERT_TRUE(before) << before.error().text();
  EXPECT_EQ(before->size(), 3U);
  const auto change = [&](std::int64_t row, const char* setting) {
    catalog_.database().exec(std::string("UPDATE sidecar SET ") + setting +
                             " WHERE sidecar_id = " + std::to_string(row));
  };
  change(renamed, "inode = 9");
  change(edited, "mtime_ns = 101");
  put("new", 4, 100);
  const auto verdicts = session_verdicts(catalog_.database(), "now", *before);
  ASSERT_TRUE(verdicts) << verdicts.error().text();
  Names names;
  for (const auto& verdict : *verdicts) names.push_back(verdict.first);
  EXPECT_EQ(names, (Names{"edited", "new", "renamed"}));
}

TEST_F(FailedTestsOf, AnotherSessionAreToldBeforeTheyAreReplaced) {
  add(add_run("a", 10, text("before")), "one", "pass");
  add(add_run("b", 10), "two", "fail");
  add_run("empty", 10, text("before"));
  const auto older = [&](const char* run) {
    auto found = find_older_results(catalog_.database(), run, "now");
    EXPECT_TRUE(found);
    return found.value_or(std::nullopt);
  };
  ASSERT_TRUE(older("a"));
  EXPECT_EQ(older("a")->session, "before");
  EXPECT_EQ(older("a")->files, 1);
  ASSERT_TRUE(older("b"));
  EXPECT_EQ(older("b")->session, std::nullopt);
  EXPECT_FALSE(older("empty"));
  EXPECT_FALSE(older("missing"));
  const auto own = find_older_results(catalog_.database(), "a", "before");
  ASSERT_TRUE(own);
  EXPECT_FALSE(*own);
}

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
