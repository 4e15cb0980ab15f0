// SPDX-License-Identifier: MIT
#include "store/footer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "store/sidecar_writer.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/recording_observer.hpp"
#include "support/small_records.hpp"

namespace ktstr {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Dumps of one variant and of others, in memory.
class SuppressedDumps : public ::testing::Test {
 protected:
  static constexpr std::uint64_t k_hash = 0xabc;

  SuppressedDumps() {
    for (const char* name :
         {"a-0000000000000abc.failure-dump.json", "a-0000000000000abc.repro.failure-dump.json",
          "a-0000000000000abd.failure-dump.json", "a-0000000000000abc.wprof.pb",
          "ab-0000000000000abc.failure-dump.json", "a.failure-dump.json"}) {
      files_.put_file(std::string("/runs/run/") + name, "x");
    }
  }
  Result<void> suppress(const std::string& test_name) {
    return suppress_failure_dumps(files_, "/runs/run", false, test_name, k_hash, &observer_);
  }
  [[nodiscard]] bool has(const std::string& name) {
    return files_.status("/runs/run/" + name, FollowLinks::no).has_value();
  }

  test::FakeClock clock_;
  test::FakeFileSystem files_{clock_};
  test::RecordingObserver observer_;
};

TEST_F(SuppressedDumps, AreTheTwoOfThisVariantAlone) {
  ASSERT_TRUE(suppress("a"));
  EXPECT_FALSE(has("a-0000000000000abc.failure-dump.json"));
  EXPECT_FALSE(has("a-0000000000000abc.repro.failure-dump.json"));
  EXPECT_TRUE(has("a-0000000000000abd.failure-dump.json"));
  EXPECT_TRUE(has("a-0000000000000abc.wprof.pb"));
  EXPECT_TRUE(has("ab-0000000000000abc.failure-dump.json"));
  EXPECT_TRUE(has("a.failure-dump.json"));
}

TEST_F(SuppressedDumps, MayBeMissing) {
  EXPECT_TRUE(suppress("other"));
  EXPECT_THAT(observer_.lines(), IsEmpty());
}

TEST_F(SuppressedDumps, AreAnnounced) {
  ASSERT_TRUE(suppress("a"));
  EXPECT_THAT(observer_.lines(),
              ElementsAre("about_to_remove a-0000000000000abc.failure-dump.json",
                          "removed a-0000000000000abc.failure-dump.json",
                          "about_to_remove a-0000000000000abc.repro.failure-dump.json",
                          "removed a-0000000000000abc.repro.failure-dump.json"));
}

TEST_F(SuppressedDumps, AreBothTriedWhenOneStays) {
  files_.fail_remove("/runs/run/a-0000000000000abc.failure-dump.json", EACCES);
  const auto suppressed = suppress("a");
  ASSERT_FALSE(suppressed);
  EXPECT_EQ(suppressed.error().text(),
            "remove failure dump /runs/run/a-0000000000000abc.failure-dump.json: Permission denied "
            "(os error 13)");
  EXPECT_FALSE(has("a-0000000000000abc.repro.failure-dump.json"));
}

TEST_F(SuppressedDumps, AreNotLookedForElsewhere) {
  for (const std::string& name : {std::string(), std::string("../a"), std::string("a\0", 2)}) {
    const auto suppressed = suppress(name);
    ASSERT_FALSE(suppressed);
    EXPECT_EQ(suppressed.error().code, ErrorCode::usage);
  }
}

using Names = std::vector<std::string>;

constexpr const char* k_a = "-000000000000000a";
constexpr const char* k_b = "-000000000000000b";

/// A runs root "/runs" in memory whose run directory is "run".
class FooterScan : public ::testing::Test {
 protected:
  FooterScan() { files_.make_directory("/runs/run"); }

  static std::string path(const std::string& name) { return "/runs/run/" + name; }

  void put(const std::string& name, const std::string& bytes = "{}") {
    files_.put_file(path(name), bytes);
  }
  /// A sidecar of the test "t".
  void put_verdict(const std::string& suffix, Verdict verdict,
                   const std::string& scheduler = "scx_a") {
    Record record = test::small_record("t");
    record.passed = verdict == Verdict::pass;
    record.skipped = verdict == Verdict::skip;
    record.inconclusive = verdict == Verdict::inconclusive;
    record.scheduler = scheduler;
    put("t" + suffix + ".ktstr.json", encode_record(record));
  }

  [[nodiscard]] std::vector<RunDirectorySummary> scan(std::int64_t since_ns = k_since_ever) {
    FooterOptions options;
    options.since_ns = since_ns;
    return summarize_run_artifacts(files_, "/runs", options);
  }
  /// The only directory's failed tests.
  [[nodiscard]] std::vector<FailedTest> failed(std::int64_t since_ns = k_since_ever) {
    const auto found = scan(since_ns);
    EXPECT_EQ(found.size(), 1U);
    return found.size() == 1 ? found.front().failed : std::vector<FailedTest>{};
  }
  [[nodiscard]] Names failed_names() {
    Names names;
    for (const FailedTest& test : failed()) names.push_back(test.test_name);
    return names;
  }

  test::FakeClock clock_;
  test::FakeFileSystem files_{clock_};
};

TEST_F(FooterScan, FlagsASidecarThatSaysFailWithItsSchedulerAndTopology) {
  put_verdict(k_a, Verdict::fail);
  ASSERT_EQ(failed().size(), 1U);
  FailedTest expected{"t"};
  expected.scheduler = "scx_a";
  expected.topology = "1n1l2c1t";
  expected.stats = {path("t-000000000000000a.ktstr.json")};
  expected.replayable = true;
  EXPECT_EQ(failed().front(), expected);
}

TEST_F(FooterScan, FlagsADumpWithoutASidecarWhichCannotBeReplayed) {
  put("load_fail.failure-dump.json");
  ASSERT_EQ(failed().size(), 1U);
  FailedTest expected{"load_fail"};
  expected.failure_dump = path("load_fail.failure-dump.json");
  EXPECT_EQ(failed().front(), expected);
}

TEST_F(FooterScan, DoesNotFlagADumpBesideAPassingSidecarOfItsVariant) {
  put_verdict(k_a, Verdict::pass);
  put(std::string("t") + k_a + ".failure-dump.json");
  EXPECT_EQ(failed_names(), Names{});
}

TEST_F(FooterScan, FlagsADumpOfAVariantThatHasNoSidecarWhereAnotherHasOne) {
  put_verdict(k_a, Verdict::pass);
  put(std::string("t") + k_b + ".failure-dump.json");
  ASSERT_EQ(failed_names(), Names{"t"});
  const FailedTest test = failed().front();
  EXPECT_EQ(test.scheduler, std::nullopt);
  EXPECT_FALSE(test.replayable);
  EXPECT_EQ(test.stats, Names{path("t-000000000000000a.ktstr.json")});
}

TEST_F(FooterScan, SkippedAndInconclusiveSidecarsDoNotFlagAndCancelADump) {
  put_verdict(k_a, Verdict::skip);
  put(std::string("t") + k_a + ".failure-dump.json");
  put_verdict(k_b, Verdict::inconclusive);
  put(std::string("t") + k_b + ".failure-dump.json");
  EXPECT_EQ(failed_names(), Names{});
}

TEST_F(FooterScan, APassingVariantDoesNotHideAFailingOne) {
  put_verdict(k_a, Verdict::pass);
  put_verdict(k_b, Verdict::fail, "scx_b");
  ASSERT_EQ(failed_names(), Names{"t"});
  EXPECT_EQ(failed().front().scheduler, "scx_b");
  EXPECT_EQ(failed().front().stats.size(), 2U);
}

TEST_F(FooterScan, NamesTheFirstOfSeveralFailingVariants) {
  put_verdict(k_b, Verdict::fail, "scx_b");
  put_verdict(k_a, Verdict::fail, "scx_a");
  EXPECT_EQ(failed().front().scheduler, "scx_a");
}

TEST_F(FooterScan, NamesTheLastOfSeveralDumpsAndTraces) {
  for (const char* kind :
       {".failure-dump.json", ".repro.failure-dump.json", ".wprof.pb", ".repro.wprof.pb"}) {
    put(std::string("t") + k_b + kind);
    put(std::string("t") + k_a + kind);
  }
  const FailedTest test = failed().front();
  const std::string stem = path("t-000000000000000b");
  EXPECT_EQ(test.failure_dump, stem + ".failure-dump.json");
  EXPECT_EQ(test.repro_dump, stem + ".repro.failure-dump.json");
  EXPECT_EQ(test.wprof, stem + ".wprof.pb");
  EXPECT_EQ(test.repro_wprof, stem + ".repro.wprof.pb");
}

TEST_F(FooterScan, CountsAndListsAMalformedSidecarThatDoesNotFlagByItself) {
  put("t-000000000000000a.ktstr.json", test::k_corrupt);
  const auto found = scan();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found.front().failed.empty());
  EXPECT_EQ(found.front().stats_sidecars, 1U);
  EXPECT_EQ(found.front().unparsed_sidecars, Names{path("t-000000000000000a.ktstr.json")});
}

TEST_F(FooterScan, AMalformedSidecarDoesNotCancelADumpAndIsListedWithIt) {
  put("t-000000000000000a.ktstr.json", test::k_corrupt);
  put("t-000000000000000a.failure-dump.json");
  ASSERT_EQ(failed_names(), Names{"t"});
  EXPECT_EQ(failed().front().stats, Names{path("t-000000000000000a.ktstr.json")});
  EXPECT_FALSE(failed().front().replayable);
}

TEST_F(FooterScan, ASidecarOfAnotherSchemaOrThatCannotBeReadIsMalformed) {
  put("a-000000000000000a.ktstr.json", test::k_drifted);
  put("b-000000000000000a.ktstr.json", test::k_not_utf8);
  put("c-000000000000000a.ktstr.json", test::sidecar_of("c"));
  files_.fail_open(path("c-000000000000000a.ktstr.json"), EACCES);
  ASSERT_EQ(scan().size(), 1U);
  EXPECT_EQ(scan().front().unparsed_sidecars.size(), 3U);
}

TEST_F(FooterScan, ASidecarOverTheLimitIsMalformed) {
  put_verdict(k_a, Verdict::fail);
  FooterOptions options;
  options.max_file_bytes = 10;
  const auto found = summarize_run_artifacts(files_, "/runs", options);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().unparsed_sidecars.size(), 1U);
  EXPECT_TRUE(found.front().failed.empty());
}

TEST_F(FooterScan, AReproDumpFlagsAndATraceDoesNot) {
  put("crashed-000000000000000a.repro.failure-dump.json");
  put("traced-000000000000000a.wprof.pb");
  put("retraced-000000000000000a.repro.wprof.pb");
  EXPECT_EQ(failed_names(), Names{"crashed"});
}

TEST_F(FooterScan, TheCountOfTracesLeavesReproTracesOut) {
  put("t-000000000000000a.wprof.pb");
  put("t-000000000000000b.wprof.pb");
  put("t-000000000000000a.repro.wprof.pb");
  ASSERT_EQ(scan().size(), 1U);
  EXPECT_EQ(scan().front().wprof_traces, 2U);
  EXPECT_EQ(scan().front().stats_sidecars, 0U);
}

TEST_F(FooterScan, AFreshDirectoryWithoutFailuresIsThereWithItsCounts) {
  put_verdict(k_a, Verdict::pass);
  ASSERT_EQ(scan().size(), 1U);
  EXPECT_EQ(scan().front().path, "/runs/run");
  EXPECT_EQ(scan().front().stats_sidecars, 1U);
  EXPECT_TRUE(scan().front().failed.empty());
}

TEST_F(FooterScan, ADirectoryWithNothingButUnclassifiableFilesIsLeftOut) {
  put("notes.txt");
  put("t-000000000000000a.ktstr.json.tmp.1.x");
  put("unhashed.ktstr.json", test::sidecar_of("unhashed"));
  put("t\xff-000000000000000a.failure-dump.json");
  EXPECT_TRUE(scan().empty());
}

TEST_F(FooterScan, ASidecarWithoutAHashInItsNameIsNone) {
  put("t.ktstr.json", test::sidecar_of("t"));
  put("t.failure-dump.json");
  ASSERT_EQ(failed_names(), Names{"t"});
  EXPECT_EQ(failed().front().stats, Names{});
  EXPECT_EQ(scan().front().stats_sidecars, 0U);
}

TEST_F(FooterScan, TheFreshnessGateIsInclusiveToTheNanosecond) {
  put("t.failure-dump.json");
  files_.set_mtime_ns(path("t.failure-dump.json"), 1'000);
  EXPECT_EQ(scan(1'000).size(), 1U);
  EXPECT_EQ(scan(1'001).size(), 0U);
}

TEST_F(FooterScan, AStaleSidecarDoesNotCancelAFreshDump) {
  put_verdict(k_a, Verdict::pass);
  files_.set_mtime_ns(path("t-000000000000000a.ktstr.json"), 999);
  put("t-000000000000000a.failure-dump.json");
  files_.set_mtime_ns(path("t-000000000000000a.failure-dump.json"), 1'000);
  const auto tests = failed(1'000);
  ASSERT_EQ(tests.size(), 1U);
  EXPECT_EQ(tests.front().stats, Names{});
}

TEST_F(FooterScan, AnArtifactThatIsALinkIsPassedOver) {
  files_.put_file("/elsewhere/dump", "{}");
  files_.make_symlink(path("t.failure-dump.json"), "/elsewhere/dump");
  EXPECT_TRUE(scan().empty());
}

TEST_F(FooterScan, AnArtifactThatIsNoRegularFileIsPassedOver) {
  files_.make_fifo(path("pipe.failure-dump.json"));
  files_.make_directory(path("directory.failure-dump.json"));
  EXPECT_TRUE(scan().empty());
}

TEST_F(FooterScan, ARunDirectoryThatIsALinkCounts) {
  files_.put_file("/elsewhere/t.failure-dump.json", "{}");
  files_.make_symlink("/runs/linked", "/elsewhere");
  ASSERT_EQ(scan().size(), 1U);
  EXPECT_EQ(scan().front().path, "/runs/linked");
  EXPECT_EQ(scan().front().failed.front().failure_dump, "/runs/linked/t.failure-dump.json");
}

TEST_F(FooterScan, FilesInJobDirectoriesDotDirectoriesAndTheRootDoNotCount) {
  files_.put_file("/runs/run/job/t.failure-dump.json", "{}");
  files_.put_file("/runs/.locks/t.failure-dump.json", "{}");
  files_.put_file("/runs/t.failure-dump.json", "{}");
  EXPECT_TRUE(scan().empty());
}

TEST_F(FooterScan, DirectoriesAndTestsComeInByteOrder) {
  for (const char* name : {"/runs/b/z", "/runs/b/Z", "/runs/b/a", "/runs/B/t", "/runs/b-1/t"}) {
    files_.put_file(std::string(name) + ".failure-dump.json", "{}");
  }
  Names found;
  for (const RunDirectorySummary& directory : scan()) {
    found.push_back(directory.path);
    for (const FailedTest& test : directory.failed) found.push_back(test.test_name);
  }
  EXPECT_EQ(found, (Names{"/runs/B", "t", "/runs/b", "Z", "a", "z", "/runs/b-1", "t"}));
}

TEST_F(FooterScan, WhatCannotBeListedIsLeftOut) {
  put("t.failure-dump.json");
  files_.fail_list("/runs/run", EACCES);
  EXPECT_TRUE(scan().empty());
  EXPECT_TRUE(summarize_run_artifacts(files_, "/missing", {}).empty());
}

TEST_F(FooterScan, AFileThatVanishesAfterTheListingIsLeftOut) {
  put("t.failure-dump.json");
  files_.before_status(path("t.failure-dump.json"),
                       [&] { files_.remove(path("t.failure-dump.json")); });
  EXPECT_TRUE(scan().empty());
}

TEST_F(FooterScan, ASidecarThatIsNoArtifactForItsNameIsNotRead) {
  put("unhashed.ktstr.json", test::sidecar_of("unhashed"));
  EXPECT_TRUE(scan().empty());
  EXPECT_EQ(files_.read(), Names{});
}

}  // namespace
}  // namespace ktstr
