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
#include "support/fake_file_system.hpp"
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

using Processes = std::vector<std::uint32_t>;

TEST(MountPoint, HasItsOctalEscapesUndone) {
  EXPECT_EQ(unescape_mount_point(R"(/a\040b\011c\012d\134e)"), "/a b\tc\nd\\e");
}

TEST(MountPoint, KeepsABackslashThatStartsNoEscape) {
  EXPECT_EQ(unescape_mount_point(R"(/a\b\04\089\)"), R"(/a\b\04\089\)");
}

TEST(MountPoint, KeepsAnEscapeAboveOneByte) {
  EXPECT_EQ(unescape_mount_point(R"(\377\400)"), "\xff\\400");
}

TEST(MountDevice, IsInHexWithAtLeastTwoDigits) {
  EXPECT_EQ(device_of_mount("22 1 8:2 / / rw - ext4 /dev/sda2 rw\n", "/file"), "08:02");
  EXPECT_EQ(device_of_mount("22 1 259:300 / / rw - ext4 /dev/x rw\n", "/file"), "103:12c");
}

constexpr const char* k_nested =
    "22 1 8:1 / / rw - ext4 /dev/a rw\n"
    "23 22 8:2 / /data rw - ext4 /dev/b rw\n"
    "24 23 8:3 / /data/runs rw - ext4 /dev/c rw\n";

TEST(MountDevice, IsOfTheLongestMountPointAboveThePath) {
  EXPECT_EQ(device_of_mount(k_nested, "/data/runs/x"), "08:03");
  EXPECT_EQ(device_of_mount(k_nested, "/data/other"), "08:02");
  EXPECT_EQ(device_of_mount(k_nested, "/elsewhere"), "08:01");
}

TEST(MountDevice, CountsAMountPointThatIsThePathItself) {
  EXPECT_EQ(device_of_mount(k_nested, "/data"), "08:02");
}

TEST(MountDevice, ComparesWholeComponents) {
  EXPECT_EQ(device_of_mount(k_nested, "/database/x"), "08:01");
}

TEST(MountDevice, IsOfTheFirstOfEqualMountPoints) {
  EXPECT_EQ(device_of_mount("1 0 8:1 / /a rw\n2 0 8:2 / /a rw\n", "/a/x"), "08:01");
}

TEST(MountDevice, LooksBehindTheEscapes) {
  EXPECT_EQ(device_of_mount("1 0 8:1 / / rw\n2 0 8:9 / /my\\040runs rw\n", "/my runs/x"), "08:09");
}

TEST(MountDevice, PassesOverLinesWithoutADevice) {
  EXPECT_EQ(device_of_mount("1 0 8:1 / / rw\n2 0 8-9 / /a rw\n3 0 8:x / /a rw\n4 0\n", "/a/x"),
            "08:01");
}

TEST(MountDevice, IsNoneWithoutACoveringLine) {
  EXPECT_EQ(device_of_mount("2 0 8:9 / /a rw\n", "/b"), std::nullopt);
  EXPECT_EQ(device_of_mount("", "/b"), std::nullopt);
}

TEST(FlockHolders, AreTheFlocksOnTheFileAlone) {
  EXPECT_EQ(flock_holders("1: POSIX ADVISORY WRITE 11111 08:02:1234 0 EOF\n"
                          "2: OFDLCK ADVISORY WRITE 22222 08:02:1234 0 EOF\n"
                          "3: FLOCK ADVISORY WRITE 33333 08:02:1234 0 EOF\n"
                          "4: FLOCK ADVISORY READ 44444 08:02:5678 0 EOF\n",
                          "08:02:1234"),
            Processes{33333});
}

TEST(FlockHolders, LeaveOutThoseWhoWait) {
  EXPECT_EQ(flock_holders("3: FLOCK ADVISORY WRITE 7 08:02:1 0 EOF\n"
                          "3: -> FLOCK ADVISORY WRITE 8 08:02:1 0 EOF\n",
                          "08:02:1"),
            Processes{7});
}

TEST(FlockHolders, AreNamedOnceInTheOrderOfTheTable) {
  EXPECT_EQ(flock_holders("1: FLOCK ADVISORY READ 9 08:02:1 0 EOF\n"
                          "2: FLOCK ADVISORY READ 3 08:02:1 0 EOF\n"
                          "3: FLOCK ADVISORY READ 9 08:02:1 0 EOF\n",
                          "08:02:1"),
            (Processes{9, 3}));
}

TEST(FlockHolders, PassOverLinesThatMakeNoSense) {
  EXPECT_EQ(flock_holders("\nx\n1: FLOCK ADVISORY WRITE -1 08:02:1 0 EOF\n"
                          "2: FLOCK ADVISORY WRITE 4294967296 08:02:1 0 EOF\n"
                          "3: FLOCK ADVISORY WRITE 5\n",
                          "08:02:1"),
            Processes{});
}

TEST(CommandLine, HasBlanksBetweenItsArguments) {
  EXPECT_EQ(command_line_text(std::string("cargo\0test\0-p x\0", 16)), "cargo test -p x");
}

TEST(CommandLine, KeepsItsLeadingBlanks) {
  EXPECT_EQ(command_line_text(std::string(" a \0", 4)), " a");
}

TEST(CommandLine, IsUnavailableWhenThereIsNone) {
  EXPECT_EQ(command_line_text(""), "<cmdline unavailable>");
  EXPECT_EQ(command_line_text(std::string(3, '\0')), "<cmdline unavailable>");
}

TEST(CommandLine, IsCutBehindAHundredCharacters) {
  EXPECT_EQ(command_line_text(std::string(100, 'a')), std::string(100, 'a'));
  EXPECT_EQ(command_line_text(std::string(101, 'a')), std::string(100, 'a') + "…");
}

TEST(CommandLine, CountsCharactersAndNotBytes) {
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += "ä";
  EXPECT_EQ(command_line_text(hundred), hundred);
  EXPECT_EQ(command_line_text(hundred + "b"), hundred + "…");
}

TEST(CommandLine, ShowsBytesThatAreNoTextAsReplacementCharacters) {
  EXPECT_EQ(command_line_text("a\xff"), "a\uFFFD");
}

/// The kernel's tables in memory. The lock file's inode is whatever the fake gives it.
class LockHoldersText : public ::testing::Test {
 protected:
  LockHoldersText() {
    files_.put_file("/runs/.locks/run.lock", "");
    files_.put_file("/proc/self/mountinfo", "22 1 8:2 / / rw - ext4 /dev/a rw\n");
    inode_ = files_.status("/runs/.locks/run.lock", FollowLinks::no)->stamp.inode;
  }
  void put_lock(std::uint32_t process) {
    table_ += "1: FLOCK ADVISORY WRITE " + std::to_string(process) +
              " 08:02:" + std::to_string(inode_) + " 0 EOF\n";
    files_.put_file("/proc/locks", table_);
  }
  std::string text() { return lock_holders_text(files_, "/runs/.locks/run.lock"); }

  test::FakeClock clock_;
  test::FakeFileSystem files_{clock_};
  std::uint64_t inode_ = 0;
  std::string table_;
};

TEST_F(LockHoldersText, HasALineForEachHolder) {
  put_lock(7);
  put_lock(8);
  files_.put_file("/proc/7/cmdline", std::string("cargo\0ktstr\0", 12));
  EXPECT_EQ(text(), "  pid=7 cmd=cargo ktstr\n  pid=8 cmd=<cmdline unavailable>");
}

TEST_F(LockHoldersText, SaysThatNobodyIsRecorded) {
  files_.put_file("/proc/locks", "");
  EXPECT_EQ(text(), "<none recorded>");
}

TEST_F(LockHoldersText, SaysTheSameWhenTheTablesCantBeRead) {
  EXPECT_EQ(text(), "<none recorded>");
  put_lock(7);
  files_.remove("/proc/self/mountinfo");
  EXPECT_EQ(text(), "<none recorded>");
  EXPECT_EQ(lock_holders_text(files_, "/runs/.locks/missing.lock"), "<none recorded>");
}

}  // namespace
}  // namespace ktstr
