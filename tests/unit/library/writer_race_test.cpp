// SPDX-License-Identifier: MIT

// The writer against everything else that touches a run directory at the same time.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include "ktstr/index.hpp"
#include "ktstr/writer.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

constexpr int k_writes = 60;

/// Threads of one process share its memory of what was cleared; a new token in the sentinel is what
/// another process would leave.
class ConcurrentHarness : public ::testing::Test {
 protected:
  [[nodiscard]] WriterOptions options() const {
    WriterOptions options;
    options.mirror = false;
    options.variables = [root = directory_.path()](const std::string& name) {
      if (name == "KTSTR_RUNS_ROOT") return std::optional<std::string>(root);
      if (name == "KTSTR_PROJECT_COMMIT") return std::optional<std::string>("abc1234");
      if (name == "KTSTR_RUN_EPOCH") return std::optional<std::string>("one");
      return std::optional<std::string>();
    };
    options.fill_in = FillIn::nothing;
    return options;
  }
  static Record failing(const std::string& name, int attempt) {
    Record record = test::small_record(name);
    record.passed = false;
    record.run_id = "attempt-" + std::to_string(attempt);
    return record;
  }
  [[nodiscard]] std::string run() const { return directory_.path("unknown-abc1234"); }

  /// Runs `work` k_writes times, and `beside` on another thread until that is over.
  static void at_once(const std::function<void(int)>& work, const std::function<void()>& beside) {
    std::atomic<bool> over = false;
    std::thread other([&] {
      while (!over) beside();
    });
    for (int i = 0; i < k_writes; ++i) work(i);
    over = true;
    other.join();
  }

  test::TemporaryDirectory directory_;
};

TEST_F(ConcurrentHarness, NeverFinalizesAnOlderAttemptOverANewerOne) {
  const auto first = write_sidecar(failing("t", 0), options());
  ASSERT_TRUE(first);
  at_once(
      [&](int i) {
        ASSERT_TRUE(write_sidecar(failing("t", i + 1), options()));
        // Whoever finalizes, the attempt that was written last must stay.
        const auto records = collect(run());
        ASSERT_EQ(records.size(), 1U);
        EXPECT_EQ(records.front().record.run_id, "attempt-" + std::to_string(i + 1));
      },
      [&] { EXPECT_TRUE(finalize_sidecar(first->path, Verdict::pass, options())); });
}

TEST_F(ConcurrentHarness, ShowsTheFooterOnlyWholeFiles) {
  at_once([&](int i) { ASSERT_TRUE(write_sidecar(failing("t", i), options())); },
          [&] {
            for (const RunDirectorySummary& summary : summarize_run_artifacts(directory_.path())) {
              EXPECT_TRUE(summary.unparsed_sidecars.empty());
            }
          });
  const auto summaries = summarize_run_artifacts(directory_.path());
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(summaries.front().stats_sidecars, 1U);
}

TEST_F(ConcurrentHarness, SuppressesDumpsWithoutTouchingResults) {
  at_once([&](int i) { ASSERT_TRUE(write_sidecar(failing("t", i), options())); },
          [&] { EXPECT_TRUE(suppress_failure_dumps("t", "16b754f538ba41fd", options())); });
  EXPECT_EQ(collect(run()).size(), 1U);
}

TEST_F(ConcurrentHarness, LeavesNoStagingFileOfManyThreadsBehind) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 8; ++i) {
        const std::string name = "t" + std::to_string(i);
        const auto written = write_sidecar(failing(name, thread), options());
        EXPECT_TRUE(written);
        EXPECT_TRUE(finalize_sidecar(written->path, Verdict::pass, options()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(collect(run()).size(), 8U);
  for (const auto& entry : std::filesystem::directory_iterator(run())) {
    EXPECT_EQ(entry.path().filename().string().find(".tmp."), std::string::npos) << entry.path();
  }
}

}  // namespace
}  // namespace ktstr
