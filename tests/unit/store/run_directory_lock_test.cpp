// SPDX-License-Identifier: MIT
#include "store/run_directory_lock.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(LockPath, StandsInADotDirectoryBesideTheRunDirectory) {
  EXPECT_EQ(run_directory_lock_path("/runs/6.14-abc1234"), "/runs/.locks/6.14-abc1234.lock");
  EXPECT_EQ(run_directory_lock_path("target/ktstr/k-c"), "target/ktstr/.locks/k-c.lock");
}

TEST(LockPath, IsRelativeForABareName) {
  EXPECT_EQ(run_directory_lock_path("key"), ".locks/key.lock");
}

TEST(LockPath, PassesOverEmptyPartsAndDots) {
  EXPECT_EQ(run_directory_lock_path("a/b/"), "a/.locks/b.lock");
  EXPECT_EQ(run_directory_lock_path("a//b//"), "a/.locks/b.lock");
  EXPECT_EQ(run_directory_lock_path("a/./b/."), "a/.locks/b.lock");
}

TEST(LockPath, KeepsWhatThePathStartsWith) {
  EXPECT_EQ(run_directory_lock_path("/a"), "/.locks/a.lock");
  EXPECT_EQ(run_directory_lock_path("//a"), "/.locks/a.lock");
  EXPECT_EQ(run_directory_lock_path("./a"), "./.locks/a.lock");
  EXPECT_EQ(run_directory_lock_path("../a"), "../.locks/a.lock");
  EXPECT_EQ(run_directory_lock_path(".hidden"), ".locks/.hidden.lock");
}

TEST(LockPath, IsNoneForAPathWithoutAName) {
  for (const char* path : {"", "/", "//", ".", "./", "/.", "..", "a/..", "a/../."}) {
    EXPECT_EQ(run_directory_lock_path(path), std::nullopt) << path;
  }
}

TEST(Duration, IsShownInTheLargestUnitThatFits) {
  EXPECT_EQ(duration_text(std::chrono::seconds(30)), "30s");
  EXPECT_EQ(duration_text(std::chrono::seconds(300)), "300s");
  EXPECT_EQ(duration_text(milliseconds(300)), "300ms");
  EXPECT_EQ(duration_text(std::chrono::microseconds(7)), "7µs");
  EXPECT_EQ(duration_text(nanoseconds(999)), "999ns");
  EXPECT_EQ(duration_text(nanoseconds(0)), "0ns");
}

TEST(Duration, HasADecimalFractionWithoutZerosBehindIt) {
  EXPECT_EQ(duration_text(milliseconds(1500)), "1.5s");
  EXPECT_EQ(duration_text(std::chrono::microseconds(1500)), "1.5ms");
  EXPECT_EQ(duration_text(nanoseconds(1'000'000'001)), "1.000000001s");
  EXPECT_EQ(duration_text(nanoseconds(1'050)), "1.05µs");
}

std::string refusal(std::uint32_t type) {
  const auto remote = remote_file_system(type);
  return remote ? remote_file_system_text("/mnt/x.lock", *remote) : "accepted";
}

TEST(RemoteFileSystems, AreRefusedByNameWithTheReason) {
  const auto says = [](const char* name, const char* reason) {
    return AllOf(StartsWith(std::string("/mnt/x.lock: filesystem ") + name +
                            " is not supported for ktstr lockfiles ("),
                 HasSubstr(reason), HasSubstr("Move the lockfile path to a local filesystem"));
  };
  EXPECT_THAT(refusal(0x6969), says("NFS", "NFSv3"));
  EXPECT_THAT(refusal(0xFF534D42), says("CIFS/SMB", "/proc/locks"));
  EXPECT_THAT(refusal(0xFE534D42), says("CIFS/SMB", "/proc/locks"));
  EXPECT_THAT(refusal(0x00C36400), says("CephFS", "MDS"));
  EXPECT_THAT(refusal(0x6B414653), says("AFS", "flock(2)"));
  EXPECT_THAT(refusal(0x65735546), says("FUSE", "userspace server"));
}

TEST(RemoteFileSystems, AreNoneOfTheLocalAndUnknownOnes) {
  for (const std::uint32_t type : {0x01021994U, 0xEF53U, 0x58465342U, 0x9123683EU, 0xF2F52010U,
                                   0xCA451A4EU, 0x794C7630U, 0x01021997U, 0U, 0xFFFFFFFFU}) {
    EXPECT_EQ(refusal(type), "accepted") << type;
  }
}

TEST(RemoteFileSystems, AreKnownThroughASignedType) {
  const auto sign_extended = static_cast<long>(static_cast<std::int32_t>(0xFF534D42));
  EXPECT_NE(refusal(static_cast<std::uint32_t>(sign_extended)), "accepted");
}

/// Remembers each pause, and does something before a given one.
class WatchedClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override { return clock_.now_ns(); }
  [[nodiscard]] std::int64_t steady_ns() const override { return clock_.steady_ns(); }
  void sleep_ns(std::int64_t duration_ns) override {
    pauses_ms.push_back(duration_ns / 1'000'000);
    if (pauses_ms.size() == act_at) action();
    clock_.advance(duration_ns);
  }

  std::vector<std::int64_t> pauses_ms;
  std::size_t act_at = 0;
  std::function<void()> action;

 private:
  test::FakeClock clock_;
};

class RunLock : public ::testing::Test {
 protected:
  RunLock() { std::filesystem::create_directory(run()); }

  [[nodiscard]] std::string run() const { return directory_.path("run"); }
  [[nodiscard]] std::string lock_file() const { return directory_.path(".locks/run.lock"); }
  Result<RunDirectoryLock> acquire(nanoseconds timeout) {
    return RunDirectoryLock::acquire(run(), timeout, system_file_system(), clock_);
  }
  [[nodiscard]] bool is_free() const {
    const int descriptor = ::open(lock_file().c_str(), O_RDWR | O_CLOEXEC);
    const bool got = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    ::close(descriptor);
    return got;
  }

  test::TemporaryDirectory directory_;
  WatchedClock clock_;
};

TEST_F(RunLock, MakesItsDirectoryAndAnEmptyFileThere) {
  ASSERT_TRUE(acquire(nanoseconds(0)));
  EXPECT_EQ(std::filesystem::file_size(lock_file()), 0U);
}

TEST_F(RunLock, KeepsTheFileOfAnEarlierLockAsItIs) {
  directory_.write(".locks/run.lock", "somebody's text");
  ASSERT_TRUE(acquire(nanoseconds(0)));
  EXPECT_EQ(std::filesystem::file_size(lock_file()), 15U);
}

TEST_F(RunLock, IsReachedByNoLink) {
  std::filesystem::create_directory(directory_.path("outside"));
  std::filesystem::create_symlink("outside", directory_.path(".locks"));
  EXPECT_THAT(acquire(nanoseconds(0)).error().message,
              HasSubstr(".locks: a symbolic link, not a directory of ours"));
  std::filesystem::remove(directory_.path(".locks"));
  std::filesystem::create_directory(directory_.path(".locks"));
  std::filesystem::create_symlink("../outside/made", lock_file());
  EXPECT_THAT(acquire(nanoseconds(0)).error().message,
              HasSubstr("run.lock: a symbolic link, not a file of ours"));
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path("outside")));
}

TEST_F(RunLock, IsNoFifo) {
  std::filesystem::create_directory(directory_.path(".locks"));
  ASSERT_EQ(::mkfifo(lock_file().c_str(), 0600), 0);
  EXPECT_THAT(acquire(nanoseconds(0)).error().message, HasSubstr("a FIFO, not a file of ours"));
}

TEST_F(RunLock, IsHeldAsLongAsItLives) {
  {
    const auto lock = acquire(nanoseconds(0));
    ASSERT_TRUE(lock);
    EXPECT_FALSE(is_free());
  }
  EXPECT_TRUE(is_free());
}

TEST_F(RunLock, IsHeldByWhoeverItWasMovedTo) {
  auto lock = acquire(nanoseconds(0));
  ASSERT_TRUE(lock);
  {
    const RunDirectoryLock moved = std::move(*lock);
    EXPECT_FALSE(is_free());
  }
  EXPECT_TRUE(is_free());
}

TEST_F(RunLock, IsNotLeftToPrograms) {
  const auto lock = acquire(nanoseconds(0));
  ASSERT_TRUE(lock);
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != lock_file()) continue;
    ++found;
    EXPECT_NE(::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(found, 1U);
}

TEST_F(RunLock, TriesOnceWithATimeoutOfZero) {
  const auto held = acquire(nanoseconds(0));
  ASSERT_TRUE(held);
  const auto second = acquire(nanoseconds(0));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_THAT(clock_.pauses_ms, ElementsAre());
}

TEST_F(RunLock, WaitsLongerEachTimeUpToATenthOfASecond) {
  const auto held = acquire(nanoseconds(0));
  ASSERT_FALSE(acquire(milliseconds(300)));
  EXPECT_THAT(clock_.pauses_ms, ElementsAre(1, 2, 4, 8, 16, 32, 64, 100, 100));
}

TEST_F(RunLock, IsGotAsSoonAsTheHolderLetsGo) {
  std::optional<Result<RunDirectoryLock>> held = acquire(nanoseconds(0));
  clock_.act_at = 3;
  clock_.action = [&] { held.reset(); };
  EXPECT_TRUE(acquire(k_run_directory_lock_timeout));
  EXPECT_THAT(clock_.pauses_ms, ElementsAre(1, 2, 4));
}

TEST_F(RunLock, NamesFileHoldersAndRemedyWhenTimeRunsOut) {
  const auto held = acquire(nanoseconds(0));
  const auto second = acquire(milliseconds(1500));
  ASSERT_FALSE(second);
  EXPECT_THAT(
      second.error().message,
      AllOf(StartsWith("flock LOCK_EX on run-dir " + run() + " timed out after 1.5s (lockfile " +
                       lock_file() + ", holders: "),
            ::testing::EndsWith("). A peer cargo ktstr test process is writing sidecars to the "
                                "same {kernel}-{project_commit} directory; wait for it to finish "
                                "or kill it, then retry.")));
  EXPECT_EQ(second.error().text(), second.error().message);
}

TEST_F(RunLock, FindsItsOwnProcessInTheKernelsTable) {
  const auto held = acquire(nanoseconds(0));
  const auto second = acquire(nanoseconds(0));
  ASSERT_FALSE(second);
  if (second.error().message.find("<none recorded>") != std::string::npos) {
    GTEST_SKIP() << "this system shows no locks";
  }
  EXPECT_THAT(second.error().message,
              HasSubstr("holders:   pid=" + std::to_string(::getpid()) + " cmd="));
}

TEST_F(RunLock, SaysThatAPathHasNoLock) {
  const auto lock = RunDirectoryLock::acquire("a/..", nanoseconds(0), system_file_system(), clock_);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().message,
            "cannot derive run-dir lock path from a/.. (no parent or no file_name component)");
}

TEST_F(RunLock, SaysThatItsDirectoryCantBeMade) {
  directory_.write(".locks", "a file");
  const auto lock = acquire(nanoseconds(0));
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().message, "create lock subdirectory " + directory_.path(".locks") +
                                      ": File exists (os error 17)");
}

TEST_F(RunLock, SaysThatItsFileCantBeOpened) {
  std::filesystem::create_directories(lock_file());
  const auto lock = acquire(milliseconds(100));
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().message, "open " + lock_file() + ": Is a directory (os error 21)");
  EXPECT_THAT(clock_.pauses_ms, ElementsAre());
}

TEST(ConcurrentRunLock, LetsOneThreadInAtATime) {
  const test::TemporaryDirectory directory;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> entered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto lock = RunDirectoryLock::acquire(directory.path("run"), std::chrono::seconds(30),
                                                  system_file_system(), system_clock());
      if (!lock) return;
      if (++inside > 1) most = 2;
      std::this_thread::sleep_for(milliseconds(2));
      --inside;
      ++entered;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered, 8);
  EXPECT_EQ(most, 0);
}

}  // namespace
}  // namespace ktstr
