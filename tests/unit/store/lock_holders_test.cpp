// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "store/run_directory_lock.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

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
