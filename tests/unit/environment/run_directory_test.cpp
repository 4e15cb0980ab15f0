// SPDX-License-Identifier: MIT
#include "environment/run_directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <thread>
#include <vector>

#include "ktstr/index.hpp"
#include "ktstr/run.hpp"
#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"
#include "unit/environment/metadata_text.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::variables_of;
using Lines = std::vector<std::string>;

TEST(SidecarDirectoryOverride, IsTheVariableAsItStands) {
  EXPECT_EQ(sidecar_directory_override(variables_of({{"KTSTR_SIDECAR_DIR", " rel/dir/ "}})),
            " rel/dir/ ");
}

TEST(SidecarDirectoryOverride, IsNoneIfUnsetEmptyOrNotUtf8) {
  EXPECT_EQ(sidecar_directory_override(variables_of({})), std::nullopt);
  EXPECT_EQ(sidecar_directory_override(variables_of({{"KTSTR_SIDECAR_DIR", ""}})), std::nullopt);
  EXPECT_EQ(sidecar_directory_override(variables_of({{"KTSTR_SIDECAR_DIR", "/\xff"}})),
            std::nullopt);
}

TEST(RunDirectoryName, JoinsKernelAndCommit) {
  EXPECT_EQ(run_directory_name("6.14.2", "abcdef1"), "6.14.2-abcdef1");
  EXPECT_EQ(run_directory_name("6.14.2", "abcdef1-dirty"), "6.14.2-abcdef1-dirty");
}

TEST(RunDirectoryName, SaysUnknownForWhatIsMissing) {
  EXPECT_EQ(run_directory_name(std::nullopt, "abcdef1"), "unknown-abcdef1");
  EXPECT_EQ(run_directory_name("6.14.2", std::nullopt), "6.14.2-unknown");
  EXPECT_EQ(run_directory_name(std::nullopt, std::nullopt), "unknown-unknown");
}

TEST(RunDirectoryName, KeepsAnEmptyVersion) {
  EXPECT_EQ(run_directory_name("", "abcdef1"), "-abcdef1");
}

/// A gate and a sink of the test's own.
class DefaultSidecarDirectory : public ::testing::Test {
 protected:
  std::string directory(const Variables& variables, const std::optional<std::string>& commit) {
    return default_sidecar_directory(variables, "6.14.2", commit, gate_,
                                     [this](auto line) { lines_.emplace_back(line); });
  }
  OnceGate gate_;
  Lines lines_;
};

TEST_F(DefaultSidecarDirectory, IsBelowTheRunsRoot) {
  EXPECT_EQ(directory(variables_of({}), "abcdef1"), "target/ktstr/6.14.2-abcdef1");
  EXPECT_EQ(directory(variables_of({{"CARGO_TARGET_DIR", "/t"}}), "abcdef1"),
            "/t/ktstr/6.14.2-abcdef1");
  EXPECT_EQ(
      directory(variables_of({{"KTSTR_RUNS_ROOT", "/r/"}, {"CARGO_TARGET_DIR", "/t"}}), "abcdef1"),
      "/r/6.14.2-abcdef1");
}

TEST_F(DefaultSidecarDirectory, DoesNotAskForTheOverride) {
  EXPECT_EQ(directory(variables_of({{"KTSTR_SIDECAR_DIR", "/elsewhere"}}), "abcdef1"),
            "target/ktstr/6.14.2-abcdef1");
}

TEST_F(DefaultSidecarDirectory, WarnsOnceOfAMissingCommit) {
  EXPECT_EQ(directory(variables_of({}), std::nullopt), "target/ktstr/6.14.2-unknown");
  EXPECT_EQ(directory(variables_of({}), std::nullopt), "target/ktstr/6.14.2-unknown");
  EXPECT_EQ(lines_, (Lines{unknown_project_commit_text()}));
}

TEST_F(DefaultSidecarDirectory, IsSilentAboutAKnownCommit) {
  directory(variables_of({}), "abcdef1");
  EXPECT_TRUE(lines_.empty());
}

TEST(UnknownProjectCommit, SaysWhatTheHarnessSays) {
  EXPECT_EQ(unknown_project_commit_text(),
            "ktstr: WARNING: project commit unavailable (cwd not in a git repo, or HEAD "
            "unreadable); runs at this kernel overwrite each other in "
            "target/ktstr/{kernel}-unknown/. Set KTSTR_SIDECAR_DIR=<unique-path> per run, or run "
            "from inside a git repo with at least one commit.");
}

TEST(UnknownProjectCommit, IsToldToStderrOnceAProcess) {
  ::testing::internal::CaptureStderr();
  warn_unknown_project_commit();
  warn_unknown_project_commit();
  EXPECT_EQ(default_sidecar_directory(variables_of({}), "6.14.2", std::nullopt),
            "target/ktstr/6.14.2-unknown");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), unknown_project_commit_text() + "\n");
}

TEST(UnknownProjectCommit, ToNobodyIsNoError) {
  OnceGate gate;
  warn_unknown_project_commit(gate, {});
  EXPECT_FALSE(gate.enter());
}

TEST(ConcurrentOnceGate, LetsOneOfManyThreadsPass) {
  OnceGate gate;
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 100; ++turn) passed += gate.enter() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 1);
}

TEST(RunSource, IsCiOnlyIfTheVariableHoldsText) {
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", "1"}})), "ci");
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", "0"}})), "ci");
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", ""}})), "local");
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", "\xff"}})), "local");
  EXPECT_EQ(run_source(variables_of({{"CI", "true"}})), "local");
}

TEST(RunSessionToken, IsTheVariableAsItStands) {
  EXPECT_EQ(run_session_token(variables_of({{"KTSTR_RUN_EPOCH", " 17\n"}})), " 17\n");
  EXPECT_EQ(run_session_token(variables_of({{"KTSTR_RUN_EPOCH", ""}})), std::nullopt);
  EXPECT_EQ(run_session_token(variables_of({{"KTSTR_RUN_EPOCH", "\xff"}})), std::nullopt);
  EXPECT_EQ(run_session_token(variables_of({})), std::nullopt);
}

TEST(ProcessVariables, AreThoseOfTheProcess) {
  EXPECT_EQ(process_variables()("KTSTR_NO_SUCH_VARIABLE"), std::nullopt);
  EXPECT_TRUE(process_variables()("PATH"));
}

using test::MetadataText;
using test::variables_of;

/// Facts of an environment, with probes that ask no repository.
class RunFacts : public ::testing::Test {
 protected:
  RunFacts() {
    options_.working_directory = "/here";
    options_.project_commit = [](const Variables& variables) {
      const auto stated = variables("KTSTR_PROJECT_COMMIT");
      return stated ? stated : std::optional<std::string>("abc1234");
    };
    options_.kernel_commit = [this](const std::string& directory) -> std::optional<std::string> {
      probed_.push_back(directory);
      return "fed9876";
    };
  }
  void find(std::map<std::string, std::string> variables) {
    variables.emplace("HOME", "/home/u");
    facts_ = run_facts(variables_of(std::move(variables)), options_);
  }
  [[nodiscard]] RunFact fact(const std::string& name) const {
    for (const RunFact& fact : facts_) {
      if (fact.name == name) return fact;
    }
    ADD_FAILURE() << "no fact " << name;
    return {};
  }
  void expect(const std::string& name, const std::optional<std::string>& value,
              const std::string& from) const {
    EXPECT_EQ(fact(name).value, value) << name;
    EXPECT_EQ(fact(name).from, from) << name;
  }

  RunFactOptions options_;
  std::vector<std::string> probed_;
  std::vector<RunFact> facts_;
};

TEST_F(RunFacts, OfABareEnvironmentAreTheDefaults) {
  find({});
  expect("sidecar_dir", "/here/target/ktstr/unknown-abc1234", "the working directory");
  expect("run_dir", "unknown-abc1234", "kernel_version and project_commit");
  for (const char* name : {"kernel", "kernel_version", "kernel_source", "kernel_commit", "session",
                           "kconfig_suffix"}) {
    expect(name, std::nullopt, "");
  }
  expect("project_commit", "abc1234", "git");
  expect("kernel_cache", "/home/u/.cache/ktstr/kernels", "HOME");
  expect("run_source", "local", "default");
  EXPECT_EQ(probed_, std::vector<std::string>{});
}

TEST_F(RunFacts, NameTheVariablesThatTheyAreFrom) {
  options_.kconfig_suffix = KconfigSetting{"c0bd848c", "--kconfig-suffix"};
  find({{"KTSTR_RUNS_ROOT", "/runs"},
        {"KTSTR_KERNEL", " 6.14.2 "},
        {"KTSTR_KERNEL_COMMIT", "6.14.2=0123456"},
        {"KTSTR_PROJECT_COMMIT", "stated"},
        {"KTSTR_CACHE_DIR", "cache"},
        {"KTSTR_RUN_EPOCH", "1780000000000000000"},
        {"KTSTR_CI", "1"}});
  expect("sidecar_dir", "/runs/6.14.2-stated", "KTSTR_RUNS_ROOT");
  expect("kernel", "6.14.2", "KTSTR_KERNEL");
  expect("kernel_version", "6.14.2", "KTSTR_KERNEL");
  expect("kernel_source", std::nullopt, "");
  expect("kernel_commit", "0123456", "KTSTR_KERNEL_COMMIT");
  expect("project_commit", "stated", "KTSTR_PROJECT_COMMIT");
  expect("kernel_cache", "/here/cache", "KTSTR_CACHE_DIR");
  expect("session", "1780000000000000000", "KTSTR_RUN_EPOCH");
  expect("run_source", "ci", "KTSTR_CI");
  expect("kconfig_suffix", "c0bd848c", "--kconfig-suffix");
  EXPECT_EQ(probed_, std::vector<std::string>{});
}

TEST_F(RunFacts, ShowTheOverrideOfTheSidecarDirectory) {
  find({{"KTSTR_SIDECAR_DIR", "mine"}, {"KTSTR_RUNS_ROOT", "/runs"}});
  expect("sidecar_dir", "/here/mine", "KTSTR_SIDECAR_DIR");
}

TEST_F(RunFacts, AskGitAboutTheKernelsTreeAsTyped) {
  find({{"KTSTR_KERNEL", "../linux"}});
  expect("kernel_source", "/here/../linux", "KTSTR_KERNEL");
  expect("kernel_commit", "fed9876", "git");
  EXPECT_EQ(probed_, std::vector<std::string>{"../linux"});
}

TEST_F(RunFacts, NameTheTreeThatTheKernelsMetadataRecords) {
  const test::TemporaryDirectory directory;
  directory.write("kernel/metadata.json", MetadataText().with_local_source("/srv/linux").text());
  find({{"KTSTR_KERNEL", directory.path("kernel")}});
  expect("kernel_version", "6.14.2", "the kernel's directory");
  expect("kernel_source", "/srv/linux", "the kernel's metadata.json");
  EXPECT_EQ(probed_, std::vector<std::string>{"/srv/linux"});
}

TEST_F(RunFacts, NameTheTreeOfACacheEntry) {
  const test::TemporaryDirectory directory;
  directory.write("local-1/metadata.json", MetadataText().with_local_source("/srv/linux").text());
  directory.write("local-1/bzImage", "");
  find({{"KTSTR_KERNEL", "local-1"}, {"KTSTR_CACHE_DIR", directory.path()}});
  expect("kernel_version", "6.14.2", "the kernel cache");
  expect("kernel_source", "/srv/linux", "the kernel cache");
}

TEST_F(RunFacts, SayWhyThereIsNoKernelCache) {
  find({{"HOME", "relative"}});
  expect("kernel_cache", std::nullopt, "");
  EXPECT_NE(fact("kernel_cache").error.find("not an absolute path"), std::string::npos);
}

TEST_F(RunFacts, PreferTheCacheHomeToHome) {
  find({{"XDG_CACHE_HOME", "/x"}});
  expect("kernel_cache", "/x/ktstr/kernels", "XDG_CACHE_HOME");
}

using test::FakeClock;

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::int64_t k_day_ns = 86'400 * k_second_ns;

TEST(NowIso8601, IsTheSecondOfTheClock) {
  EXPECT_EQ(now_iso8601(FakeClock()), "2026-07-04T12:00:00Z");
  EXPECT_EQ(now_iso8601(FakeClock(1'783'166'400'999'999'999)), "2026-07-04T12:00:00Z");
}

TEST(NowIso8601, KnowsTheCalendar) {
  const std::vector<std::pair<std::int64_t, const char*>> days = {
      {0, "1970-01-01"},     {11016, "2000-02-29"}, {18628, "2021-01-01"},
      {19722, "2023-12-31"}, {19723, "2024-01-01"}, {19782, "2024-02-29"}};
  for (const auto& [day, date] : days) {
    EXPECT_EQ(now_iso8601(FakeClock(day * k_day_ns)), std::string(date) + "T00:00:00Z");
  }
}

TEST(NowIso8601, TakesAnEarlierClockForTheEpoch) {
  EXPECT_EQ(now_iso8601(FakeClock(-1)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(now_iso8601(FakeClock(-k_day_ns)), "1970-01-01T00:00:00Z");
}

TEST(NowIso8601, IsSampledAtEachCall) {
  FakeClock clock;
  EXPECT_EQ(now_iso8601(clock), "2026-07-04T12:00:00Z");
  clock.advance(k_second_ns);
  EXPECT_EQ(now_iso8601(clock), "2026-07-04T12:00:01Z");
}

TEST(RunIdTimestamp, IsThatOfTheFirstUse) {
  FakeClock clock;
  RunIds ids(clock);
  clock.advance(k_second_ns);
  EXPECT_EQ(ids.timestamp(), "20260704T120001Z");
  clock.advance(k_second_ns);
  EXPECT_EQ(ids.timestamp(), "20260704T120001Z");
}

TEST(RunId, CountsFromZeroWithTheSameTimestamp) {
  FakeClock clock;
  RunIds ids(clock);
  EXPECT_EQ(ids.next(), "20260704T120000Z-0");
  clock.advance(k_second_ns);
  EXPECT_EQ(ids.next(), "20260704T120000Z-1");
  for (int i = 2; i < 10; ++i) static_cast<void>(ids.next());
  EXPECT_EQ(ids.next(), "20260704T120000Z-10");
}

TEST(RunId, OfTheProcessHasItsTimestampAndGoesUp) {
  const std::string first = generate_run_id();
  const std::string second = generate_run_id();
  EXPECT_TRUE(std::regex_match(run_id_timestamp(), std::regex("[0-9]{8}T[0-9]{6}Z")));
  EXPECT_TRUE(std::regex_match(now_iso8601(), std::regex("[-0-9]{10}T[:0-9]{8}Z")));
  EXPECT_EQ(first.rfind(run_id_timestamp() + "-", 0), 0U);
  EXPECT_NE(first, second);
}

TEST(ConcurrentRunIds, AreAllDifferentAndOfOneTimestamp) {
  const FakeClock clock;
  RunIds ids(clock);
  std::vector<std::set<std::string>> found(4);
  std::vector<std::thread> threads;
  threads.reserve(found.size());
  for (auto& mine : found) {
    threads.emplace_back([&ids, &mine] {
      for (int i = 0; i < 50; ++i) mine.insert(ids.next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : found) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 200U);
  EXPECT_EQ(all.count("20260704T120000Z-199"), 1U);
}

using test::TemporaryDirectory;

/// Sets the mtime of the entry itself.
void set_mtime(const std::string& path, std::int64_t seconds, std::int64_t nanoseconds = 0) {
  const std::array<timespec, 2> times = {{{seconds, nanoseconds}, {seconds, nanoseconds}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), 0);
}

/// A runs root whose directories have the mtimes that a test gives them.
class NewestRunDirectory : public ::testing::Test {
 protected:
  std::string make(const std::string& name, std::int64_t seconds, std::int64_t nanoseconds = 0) {
    const std::string path = root_.path(name);
    std::filesystem::create_directories(path);
    set_mtime(path, seconds, nanoseconds);
    return path;
  }

  TemporaryDirectory root_;
};

TEST_F(NewestRunDirectory, HasTheLatestMtimeToTheNanosecond) {
  make("a", 1000, 1);
  const std::string newest = make("b", 1000, 2);
  make("c", 1000, 1);
  EXPECT_EQ(newest_run_directory(root_.path()), newest);
}

TEST_F(NewestRunDirectory, IsTheLastNameOnATie) {
  make("a", 1000);
  const std::string last = make("b", 1000);
  EXPECT_EQ(newest_run_directory(root_.path()), last);
}

TEST_F(NewestRunDirectory, MayBeOlderThanTheEpoch) {
  const std::string only = make("a", -5);
  EXPECT_EQ(newest_run_directory(root_.path()), only);
}

TEST_F(NewestRunDirectory, IsNoDotDirectoryAndNoFile) {
  const std::string run = make("a", 1000);
  make(".locks", 2000);
  set_mtime(root_.write("file", ""), 2000);
  EXPECT_EQ(newest_run_directory(root_.path()), run);
}

TEST_F(NewestRunDirectory, OfALinkGoesByTheLinksOwnMtime) {
  const TemporaryDirectory elsewhere;
  set_mtime(elsewhere.path(), 9000);
  std::filesystem::create_directory_symlink(elsewhere.path(), root_.path("old_link"));
  set_mtime(root_.path("old_link"), 500);
  const std::string run = make("a", 1000);
  EXPECT_EQ(newest_run_directory(root_.path()), run);

  set_mtime(root_.path("old_link"), 1500);
  EXPECT_EQ(newest_run_directory(root_.path()), root_.path("old_link"));
}

TEST_F(NewestRunDirectory, IsNoLinkThatLeadsNowhere) {
  std::filesystem::create_symlink("nowhere", root_.path("a"));
  EXPECT_EQ(newest_run_directory(root_.path()), std::nullopt);
}

TEST_F(NewestRunDirectory, IsNoneInAnEmptyOrMissingRoot) {
  EXPECT_EQ(newest_run_directory(root_.path()), std::nullopt);
  EXPECT_EQ(newest_run_directory(root_.path("missing")), std::nullopt);
}

}  // namespace
}  // namespace ktstr
