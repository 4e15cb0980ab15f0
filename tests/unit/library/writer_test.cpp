// SPDX-License-Identifier: MIT
#include "ktstr/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "library/writer.hpp"
#include "support/recording_observer.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

using test::small_record;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using Values = std::map<std::string, std::string>;

DecodedRecord read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return decode_record({std::istreambuf_iterator<char>(file), {}}, SampleHandling::keep).value();
}

/// As a harness fills it: nothing about the surroundings.
Record bare_record(const std::string& test_name) {
  Record record = small_record(test_name);
  record.kernel_version.reset();
  record.project_commit.reset();
  record.timestamp.clear();
  return record;
}

/// A runs root of its own, and an environment with a kernel and a project. The memo and the gate
/// stand for a process.
class Writer : public ::testing::Test {
 protected:
  Writer() {
    values_ = {{"KTSTR_RUNS_ROOT", directory_.path("runs")},
               {"KTSTR_KERNEL", "6.14.2"},
               {"KTSTR_PROJECT_COMMIT", "abc1234"},
               {"KTSTR_KERNEL_COMMIT", "6.14.2=def5678"},
               {"KTSTR_CACHE_DIR", directory_.path("no-cache")},
               {"KTSTR_RUN_EPOCH", "session"}};
    options_.variables = [this](const std::string& name) -> std::optional<std::string> {
      ++reads_[name];
      const auto found = values_.find(name);
      return found == values_.end() ? std::nullopt : std::optional(found->second);
    };
    options_.messages = [this](std::string_view line) { lines_.emplace_back(line); };
    surroundings_.pre_clear_memo = &memo_;
    surroundings_.unknown_commit = &gate_;
    static_cast<void>(take_last_sidecar_path());
  }

  [[nodiscard]] std::string run() const { return directory_.path("runs/6.14.2-abc1234"); }
  Result<WrittenSidecar> write(const Record& record) {
    return write_sidecar(record, options_, surroundings_);
  }
  Record written(const Record& record) {
    const auto path = write(record);
    EXPECT_TRUE(path);
    return path ? read(path->path).record : Record{};
  }

  test::TemporaryDirectory directory_;
  Values values_;
  std::map<std::string, int> reads_;
  std::vector<std::string> lines_;
  WriterOptions options_;
  PreClearMemo memo_;
  OnceGate gate_;
  WriterSurroundings surroundings_;
};

TEST_F(Writer, PutsTheFileIntoTheDirectoryOfKernelAndProject) {
  const auto written = write(bare_record("a"));
  ASSERT_TRUE(written);
  const std::string hash = variant_hash_text(variant_hash(bare_record("a")));
  EXPECT_EQ(written->path, run() + "/a-" + hash + ".ktstr.json");
  EXPECT_EQ(written->variant_hash, hash);
}

TEST_F(Writer, FillsInTheSurroundings) {
  values_["KTSTR_CI"] = "1";
  const Record record = written(bare_record("a"));
  EXPECT_EQ(record.project_commit, "abc1234");
  EXPECT_EQ(record.kernel_version, "6.14.2");
  EXPECT_EQ(record.kernel_commit, "def5678");
  EXPECT_EQ(record.run_source, "ci");
  EXPECT_THAT(record.timestamp, MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"));
  EXPECT_THAT(record.run_id, MatchesRegex("[0-9]{8}T[0-9]{6}Z-[0-9]+"));
  ASSERT_TRUE(record.host);
  EXPECT_EQ(record.host->kernel_name, "Linux");
}

TEST_F(Writer, GivesEachRecordARunIdOfItsOwn) {
  EXPECT_NE(written(bare_record("a")).run_id, written(bare_record("b")).run_id);
}

TEST_F(Writer, KeepsWhatTheRecordSays) {
  Record record = bare_record("a");
  record.project_commit = "0000000";
  record.timestamp = "2020-01-01T00:00:00Z";
  record.host = HostContext{};
  const Record kept = written(record);
  EXPECT_EQ(kept.project_commit, "0000000");
  EXPECT_EQ(kept.timestamp, "2020-01-01T00:00:00Z");
  EXPECT_EQ(kept.host->kernel_name, std::nullopt);
  EXPECT_EQ(kept.kernel_version, "6.14.2");
}

TEST_F(Writer, WritesTheRecordAsItIsWhenToldToFillInNothing) {
  options_.fill_in = FillIn::nothing;
  const auto written = write(bare_record("a"));
  ASSERT_TRUE(written);
  EXPECT_EQ(encode_record(read(written->path).record), encode_record(bare_record("a")));
}

TEST_F(Writer, LeavesTheFieldsNullThatTheDirectoryCallsUnknown) {
  values_.erase("KTSTR_KERNEL");
  const auto path = write(bare_record("a"));
  ASSERT_TRUE(path);
  EXPECT_THAT(path->path, HasSubstr("/unknown-abc1234/"));
  EXPECT_EQ(read(path->path).record.kernel_version, std::nullopt);
}

TEST_F(Writer, GoesByTheEnvironmentAndNotByTheRecordForTheDirectory) {
  Record record = bare_record("a");
  record.kernel_version = "5.0.0";
  EXPECT_THAT(write(record)->path, HasSubstr("/6.14.2-abc1234/"));
}

TEST_F(Writer, UsesTheChosenDirectoryAsItIs) {
  values_["KTSTR_SIDECAR_DIR"] = directory_.path("chosen");
  directory_.write("chosen/old.ktstr.json", "x");
  const auto written = write(bare_record("a"));
  ASSERT_TRUE(written);
  EXPECT_THAT(written->path, HasSubstr(directory_.path("chosen/a-")));
  EXPECT_TRUE(std::filesystem::exists(directory_.path("chosen/old.ktstr.json")));
  EXPECT_FALSE(std::filesystem::exists(directory_.path(".locks")));
}

TEST_F(Writer, TakesAnEmptyChosenDirectoryForNone) {
  values_["KTSTR_SIDECAR_DIR"] = "";
  EXPECT_THAT(write(bare_record("a"))->path, HasSubstr(run()));
}

TEST_F(Writer, LooksTheChosenDirectoryUpOnceAWrite) {
  ASSERT_TRUE(write(bare_record("a")));
  EXPECT_EQ(reads_["KTSTR_SIDECAR_DIR"], 1);
}

TEST_F(Writer, ClearsWhatAnEarlierSessionLeft) {
  directory_.write("runs/6.14.2-abc1234/old.ktstr.json", "x");
  ASSERT_TRUE(write(bare_record("a")));
  EXPECT_FALSE(std::filesystem::exists(run() + "/old.ktstr.json"));
}

TEST_F(Writer, SparesWhatItsSessionWrote) {
  directory_.write("runs/6.14.2-abc1234/.ktstr_run_epoch", "session");
  directory_.write("runs/6.14.2-abc1234/peer.ktstr.json", "x");
  ASSERT_TRUE(write(bare_record("a")));
  EXPECT_TRUE(std::filesystem::exists(run() + "/peer.ktstr.json"));
}

/// As in a directory that is in no repository.
class WriterWithoutCommit : public Writer {
 protected:
  WriterWithoutCommit() {
    surroundings_.project_commit = [](const Variables&) { return std::nullopt; };
  }
};

TEST_F(WriterWithoutCommit, SaysSoOnceOnTheDefaultPath) {
  ASSERT_TRUE(write(bare_record("a")));
  EXPECT_EQ(sidecar_directory(options_, surroundings_), directory_.path("runs/6.14.2-unknown"));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr("WARNING: project commit unavailable"));
}

TEST_F(WriterWithoutCommit, SaysNothingInAChosenDirectory) {
  values_["KTSTR_SIDECAR_DIR"] = directory_.path("chosen");
  ASSERT_TRUE(write(bare_record("a")));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(WriterWithoutCommit, LeavesTheFieldNull) {
  EXPECT_EQ(written(bare_record("a")).project_commit, std::nullopt);
}

TEST_F(Writer, RefusesATestNameBeforeItAsksForAnything) {
  const auto written = write(bare_record("a/b"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::usage);
  EXPECT_THAT(reads_, IsEmpty());
}

TEST_F(Writer, SaysWhatItCouldNotDo) {
  directory_.write("runs", "a file");
  const auto written = write(bare_record("a"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().text(),
            "create sidecar dir " + run() + ": Not a directory (os error 20)");
}

TEST_F(Writer, LooksForTheKernelsTreeByTheSuffixOfTheEnvironment) {
  values_.erase("KTSTR_KERNEL_COMMIT");
  values_["KTSTR_KCONFIG_SUFFIX"] = "0badc0de";
  ASSERT_TRUE(write(bare_record("a")));
  EXPECT_EQ(reads_["KTSTR_KCONFIG_SUFFIX"], 1);
}

TEST_F(Writer, WritesAlsoWithASuffixThatIsNone) {
  values_.erase("KTSTR_KERNEL_COMMIT");
  values_["KTSTR_KCONFIG_SUFFIX"] = "nonsense";
  EXPECT_EQ(written(bare_record("a")).kernel_commit, std::nullopt);
}

TEST_F(Writer, TellsItsObserver) {
  test::RecordingObserver observer;
  surroundings_.observer = &observer;
  const auto written = write(bare_record("a"));
  ASSERT_TRUE(written);
  EXPECT_THAT(observer.lines(),
              ElementsAre("written " + std::filesystem::path(written->path).filename().string()));
}

/// All that a skip must not carry over.
Record full_record() {
  Record record = bare_record("a");
  record.resolve_source = "path";
  record.payload = "schbench";
  record.scheduler_commit = "1111111";
  record.metrics.resize(1);
  record.inconclusive = true;
  record.expected_failure = true;
  record.stats.total_workers = 4;
  record.monitor = MonitorSummary{};
  record.periodic_fired = 3;
  record.periodic_target = 3;
  record.stimulus_events.resize(1);
  record.verifier_stats.resize(1);
  record.kvm_stats = KvmStatsTotals{};
  record.sysctls = {"sysctl.a=1"};
  record.kargs = {"quiet"};
  record.cleanup_duration_ms = 9;
  record.host_dilation = 1.0;
  record.perf_delta_assertions.resize(1);
  return record;
}

TEST_F(Writer, WritesASkipWithoutMeasurements) {
  const auto path = write_skip_sidecar(full_record(), options_, surroundings_);
  ASSERT_TRUE(path);
  const DecodedRecord decoded = read(path->path);
  EXPECT_EQ(decoded.contract, Contract::ok) << decoded.error;
  const Record& skip = decoded.record;
  EXPECT_TRUE(skip.skipped);
  EXPECT_FALSE(skip.passed || skip.inconclusive || skip.expected_failure);
  EXPECT_EQ(skip.stats.total_workers, 0U);
  EXPECT_TRUE(skip.metrics.empty() && skip.stimulus_events.empty() && skip.verifier_stats.empty());
  EXPECT_FALSE(skip.monitor || skip.kvm_stats || skip.cleanup_duration_ms || skip.resolve_source);
  EXPECT_EQ(skip.vcpus + skip.cpu_budget + skip.periodic_fired + skip.periodic_target, 0U);
  EXPECT_EQ(skip.host_dilation, std::nullopt);
}

TEST_F(Writer, WritesASkipWithItsSurroundingsAndGates) {
  const auto path = write_skip_sidecar(full_record(), options_, surroundings_);
  const Record skip = read(path->path).record;
  EXPECT_EQ(skip.scheduler_commit, "1111111");
  EXPECT_EQ(skip.perf_delta_assertions.size(), 1U);
  EXPECT_EQ(skip.kernel_commit, "def5678");
  EXPECT_EQ(skip.run_source, "local");
  EXPECT_TRUE(skip.host);
  EXPECT_FALSE(skip.run_id.empty());
}

TEST_F(Writer, ReplacesASkipByTheRetryOfItsVariant) {
  const auto skip = write_skip_sidecar(full_record(), options_, surroundings_);
  const auto run = write(full_record());
  EXPECT_EQ(skip->path, run->path);
  EXPECT_EQ(collect(this->run()).size(), 1U);
}

TEST_F(Writer, CallsASkipBySkipInItsErrors) {
  const auto hash = variant_hash_text(variant_hash(full_record()));
  directory_.write("runs/6.14.2-abc1234/a-" + hash + ".ktstr.json/inside", "x");
  const auto skip = write_skip_sidecar(full_record(), options_, surroundings_);
  ASSERT_FALSE(skip);
  EXPECT_THAT(skip.error().message, ::testing::StartsWith("rename skip sidecar staging "));
}

TEST_F(Writer, FinalizesWhatItWroteLast) {
  Record record = bare_record("a");
  record.passed = false;
  ASSERT_TRUE(write(record));
  const auto path = take_last_sidecar_path();
  ASSERT_TRUE(path);
  const auto outcome = finalize_sidecar(*path, Verdict::pass, options_, surroundings_);
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(*outcome, FinalizeOutcome::rewritten);
  EXPECT_TRUE(read(*path).record.passed);
  EXPECT_TRUE(read(*path).record.expected_failure);
}

TEST_F(Writer, LeavesAFileAloneThatHasItsFinalVerdict) {
  const auto written = write(bare_record("a"));
  const auto outcome = finalize_sidecar(written->path, Verdict::pass, options_, surroundings_);
  EXPECT_EQ(outcome.value(), FinalizeOutcome::unchanged);
}

TEST_F(Writer, SuppressesTheDumpsOfAVariant) {
  const std::string dump =
      directory_.write("runs/6.14.2-abc1234/a-0000000000000abc.failure-dump.json", "x");
  ASSERT_TRUE(suppress_failure_dumps("a", "0000000000000abc", options_, surroundings_));
  EXPECT_FALSE(std::filesystem::exists(dump));
}

TEST_F(Writer, RefusesAHashThatIsNone) {
  for (const char* hash :
       {"", "abc", "0000000000000ABC", "0x00000000000abc", "00000000000000abc"}) {
    const auto suppressed = suppress_failure_dumps("a", hash, options_, surroundings_);
    ASSERT_FALSE(suppressed) << hash;
    EXPECT_EQ(suppressed.error().code, ErrorCode::usage);
  }
}

TEST_F(Writer, ThrowsNothingThatACallbackThrows) {
  WriterOptions options;
  options.variables = [](const std::string&) -> std::optional<std::string> {
    throw std::runtime_error("no environment today");
  };
  EXPECT_EQ(write_sidecar(bare_record("a"), options).error().message, "no environment today");
  EXPECT_EQ(write_skip_sidecar(bare_record("a"), options).error().message, "no environment today");
  EXPECT_FALSE(suppress_failure_dumps("a", "0000000000000abc", options));
  EXPECT_EQ(sidecar_directory(options), "");
}

TEST_F(Writer, WorksWithoutItsInside) {
  const auto written = write_sidecar(bare_record("a"), options_);
  ASSERT_TRUE(written);
  EXPECT_EQ(read(written->path).contract, Contract::ok);
  EXPECT_EQ(sidecar_directory(options_), run());
  EXPECT_EQ(take_last_sidecar_path(), written->path);
}

TEST(ConcurrentWriter, GivesEachThreadItsOwnLastPath) {
  const test::TemporaryDirectory directory;
  WriterOptions options;
  const Values values = {{"KTSTR_RUNS_ROOT", directory.path()},
                         {"KTSTR_PROJECT_COMMIT", "abc1234"}};
  options.variables = [&values](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&options, i] {
      const auto written = write_sidecar(bare_record("test_" + std::to_string(i)), options);
      ASSERT_TRUE(written);
      EXPECT_EQ(take_last_sidecar_path(), written->path);
      EXPECT_EQ(take_last_sidecar_path(), std::nullopt);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(collect(directory.path("unknown-abc1234")).size(), 8U);
}

}  // namespace
}  // namespace ktstr
