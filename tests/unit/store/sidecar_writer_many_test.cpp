// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "store/sidecar_writer.hpp"
#include "support/child_process.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

// Several processes and threads that write into one run directory.

namespace ktstr {
namespace {

using test::ChildProcess;
using test::small_record;
using ::testing::ElementsAre;
using Token = std::optional<std::string>;
using TestNames = std::set<std::string>;

constexpr int k_processes = 16;

class SidecarProcesses : public ::testing::Test {
 protected:
  [[nodiscard]] std::string run() const { return directory_.path("runs/run"); }

  /// As a fresh process would.
  bool write(const Record& record, const Token& token,
             std::function<void(WriteStep)> at_step = {}) const {
    PreClearMemo memo;
    SidecarWrite how;
    how.directory = run();
    how.is_default_directory = true;
    how.session_token = token;
    how.pre_clear_memo = &memo;
    how.at_step = std::move(at_step);
    return write_sidecar_file(record, how).has_value();
  }
  bool write(const std::string& test_name, const Token& token) const {
    return write(small_record(test_name), token);
  }
  /// A writer that is killed when it gets to a step.
  [[nodiscard]] bool is_killed_at(WriteStep step, const Record& record, const Token& token) const {
    ChildProcess child([&] {
      return write(record, token, [&](WriteStep at) {
        if (at == step) ::kill(::getpid(), SIGKILL);
      });
    });
    return child.is_killed();
  }

  /// Of the sidecars, each of which has to be whole.
  [[nodiscard]] TestNames tests() const {
    const Collection found = collect_with_errors(run());
    EXPECT_TRUE(found.parse_errors.empty());
    EXPECT_TRUE(found.io_errors.empty());
    TestNames names;
    for (const LoadedSidecar& sidecar : found.sidecars) names.insert(sidecar.record.test_name);
    return names;
  }
  [[nodiscard]] std::size_t staging_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(run())) {
      count += is_sidecar_staging_filename(entry.path().filename().string()) ? 1 : 0;
    }
    return count;
  }
  [[nodiscard]] bool can_lock() const {
    return RunDirectoryLock::acquire(run(), std::chrono::nanoseconds(0), system_file_system(),
                                     system_clock())
        .has_value();
  }

  test::TemporaryDirectory directory_;
};

TEST_F(SidecarProcesses, LoseNothingInOneSession) {
  directory_.write("runs/run/old.ktstr.json", encode_record(small_record("old")));
  TestNames expected;
  std::vector<ChildProcess> children;
  for (int i = 0; i < k_processes; ++i) {
    const std::string name = "test_" + std::to_string(i);
    expected.insert(name);
    children.emplace_back([&, name] { return write(name, "session"); });
  }
  for (ChildProcess& child : children) EXPECT_TRUE(child.succeeds());
  EXPECT_EQ(tests(), expected);
  EXPECT_EQ(staging_files(), 0U);
}

TEST_F(SidecarProcesses, AgreeOnOneResultOfTheSameVariant) {
  std::vector<ChildProcess> children;
  for (int i = 0; i < k_processes; ++i) {
    children.emplace_back([&] { return write("same", "session"); });
  }
  for (ChildProcess& child : children) EXPECT_TRUE(child.succeeds());
  EXPECT_EQ(tests(), TestNames{"same"});
  EXPECT_EQ(staging_files(), 0U);
}

TEST_F(SidecarProcesses, RemoveEachOthersResultsWithoutAToken) {
  EXPECT_TRUE(write("first", std::nullopt));
  EXPECT_TRUE(write("second", std::nullopt));
  EXPECT_EQ(tests(), TestNames{"second"});
}

TEST_F(SidecarProcesses, LeaveTheLastOnesResultWithoutAToken) {
  std::vector<ChildProcess> children;
  for (int i = 0; i < k_processes; ++i) {
    children.emplace_back([&, i] { return write("test_" + std::to_string(i), std::nullopt); });
  }
  for (ChildProcess& child : children) EXPECT_TRUE(child.succeeds());
  EXPECT_EQ(tests().size(), 1U);
}

TEST_F(SidecarProcesses, OfALaterSessionReplaceAllOfAnEarlierOne) {
  EXPECT_TRUE(write("a", "first"));
  EXPECT_TRUE(write("b", "first"));
  EXPECT_TRUE(write("c", "second"));
  EXPECT_TRUE(write("d", "second"));
  EXPECT_EQ(tests(), (TestNames{"c", "d"}));
}

TEST_F(SidecarProcesses, OfTwoSessionsAtOnceLeaveOnlyWholeFiles) {
  std::vector<ChildProcess> children;
  for (int i = 0; i < k_processes; ++i) {
    children.emplace_back(
        [&, i] { return write("test_" + std::to_string(i), i % 2 == 0 ? "even" : "odd"); });
  }
  for (ChildProcess& child : children) EXPECT_TRUE(child.succeeds());
  EXPECT_FALSE(tests().empty());
  EXPECT_EQ(staging_files(), 0U);
}

/// Dies while a directory is being cleared, with its first file gone.
class DyingObserver final : public ChangeObserver {
 public:
  void about_to_remove(std::span<const FileChange> files) noexcept override {
    ::unlink(files.front().path.c_str());
    ::kill(::getpid(), SIGKILL);
  }
  void removed(std::span<const FileChange> /*files*/) noexcept override {}
  void written(const FileChange& /*file*/) noexcept override {}
  void rewritten(const FileChange& /*file*/) noexcept override {}
};

TEST_F(SidecarProcesses, ClearAgainWhereAPeerWasKilledAtIt) {
  EXPECT_TRUE(write("a", "first"));
  EXPECT_TRUE(write("b", "first"));
  ChildProcess child([&] {
    PreClearMemo memo;
    DyingObserver observer;
    SidecarWrite how;
    how.directory = run();
    how.is_default_directory = true;
    how.session_token = "second";
    how.observer = &observer;
    how.pre_clear_memo = &memo;
    return write_sidecar_file(small_record("c"), how).has_value();
  });
  EXPECT_TRUE(child.is_killed());
  EXPECT_EQ(tests(), TestNames{"b"});
  EXPECT_TRUE(write("d", "second"));
  EXPECT_EQ(tests(), TestNames{"d"});
}

class SidecarKill : public SidecarProcesses, public ::testing::WithParamInterface<WriteStep> {
 protected:
  static Record result(bool passed) {
    Record record = small_record("a");
    record.passed = passed;
    return record;
  }
};

TEST_P(SidecarKill, LeavesTheOldResultOrTheNewOneAndNoLock) {
  ASSERT_TRUE(write(result(false), "session"));
  ASSERT_TRUE(is_killed_at(GetParam(), result(true), "session"));
  const Collection found = collect_with_errors(run());
  ASSERT_EQ(found.sidecars.size(), 1U);
  EXPECT_EQ(found.sidecars[0].record.passed, GetParam() >= WriteStep::renamed);
  EXPECT_TRUE(can_lock());
}

TEST_P(SidecarKill, KeepsNoPeerFromWriting) {
  std::filesystem::create_directories(run());
  ASSERT_TRUE(is_killed_at(GetParam(), result(true), "session"));
  EXPECT_TRUE(write("peer", "session"));
  EXPECT_TRUE(tests().contains("peer"));
}

TEST_P(SidecarKill, LeavesNothingBehindOnceTheNextSessionHasBegun) {
  ASSERT_TRUE(write("old", "session"));
  ASSERT_TRUE(is_killed_at(GetParam(), result(true), "session"));
  const bool is_staged =
      GetParam() >= WriteStep::staging_created && GetParam() <= WriteStep::announced;
  EXPECT_EQ(staging_files(), is_staged ? 1U : 0U);
  EXPECT_TRUE(write("new", "next"));
  EXPECT_EQ(staging_files(), 0U);
  EXPECT_EQ(tests(), TestNames{"new"});
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, SidecarKill,
                         ::testing::Values(WriteStep::directory_created, WriteStep::locked,
                                           WriteStep::cleared, WriteStep::staging_created,
                                           WriteStep::staging_written, WriteStep::announced,
                                           WriteStep::renamed, WriteStep::unlocked));

/// Threads of one process, with its one memo.
class ConcurrentSidecars : public ::testing::Test {
 protected:
  void run_threads(int count, const std::function<Record(int)>& record_of,
                   bool is_default_directory) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([this, i, &record_of, is_default_directory] {
        SidecarWrite how;
        how.directory = directory_.path("runs/run");
        how.is_default_directory = is_default_directory;
        how.pre_clear_memo = &memo_;
        const auto written = write_sidecar_file(record_of(i), how);
        EXPECT_TRUE(written);
        EXPECT_EQ(take_last_sidecar_path(), written ? written->path : "");
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  [[nodiscard]] Collection found() const {
    return collect_with_errors(directory_.path("runs/run"));
  }

  test::TemporaryDirectory directory_;
  PreClearMemo memo_;
};

TEST_F(ConcurrentSidecars, AreAllThereAlsoWithoutAToken) {
  directory_.write("runs/run/old.ktstr.json", encode_record(small_record("old")));
  run_threads(
      8, [](int i) { return small_record("test_" + std::to_string(i)); }, true);
  EXPECT_EQ(found().sidecars.size(), 8U);
}

// The run ids are equal too: a harness may bring them along.
TEST_F(ConcurrentSidecars, OfOneVariantShareNoStagingFile) {
  for (const bool is_default_directory : {false, true}) {
    run_threads(
        8,
        [](int i) {
          Record record = small_record("same");
          record.run_id = "20260704T120000Z-0";
          record.work_type = "SpinWait";
          record.verifier_stats.resize(static_cast<std::size_t>(1 + 500 * i));
          return record;
        },
        is_default_directory);
    EXPECT_EQ(found().sidecars.size(), 1U);
    EXPECT_TRUE(found().parse_errors.empty());
  }
}

}  // namespace
}  // namespace ktstr
