// SPDX-License-Identifier: MIT
#include "base/file_system.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

constexpr std::uint64_t k_no_limit = 1 << 30;

std::string contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class SystemFileSystem : public testing::Test {
 protected:
  Result<std::string> read(const std::string& path, std::uint64_t limit_bytes = k_no_limit) {
    auto file = files_.open_file(path);
    if (!file) return fail(file.error());
    return (*file)->read_all(limit_bytes);
  }

  test::TemporaryDirectory directory_;
  FileSystem& files_ = system_file_system();
};

TEST(OsError, ReadsAsRustShowsIt) {
  EXPECT_EQ(os_error(EACCES).message, "Permission denied (os error 13)");
  EXPECT_EQ(os_error(ENOENT, "/x").text(), "/x: No such file or directory (os error 2)");
}

TEST(OsError, TellsPermissionAndAbsenceFromOtherFailures) {
  for (const int number : {EACCES, EPERM, EROFS}) {
    EXPECT_EQ(os_error(number).code, ErrorCode::permission) << number;
  }
  for (const int number : {ENOENT, ENOTDIR}) {
    EXPECT_EQ(os_error(number).code, ErrorCode::not_found) << number;
  }
  for (const int number : {EIO, ENOSPC, ELOOP, EEXIST}) {
    EXPECT_EQ(os_error(number).code, ErrorCode::io) << number;
  }
}

TEST_F(SystemFileSystem, ReadsAWholeFile) {
  const std::string bytes = std::string("a\0b", 3) + std::string(300'000, 'x');
  EXPECT_EQ(read(directory_.write("f", bytes)), bytes);
  EXPECT_EQ(read(directory_.write("empty", "")), "");
}

TEST_F(SystemFileSystem, ReadsAFileWhoseSizeIsNotTold) {
  const auto status = files_.status("/proc/self/maps", FollowLinks::yes);
  if (!status || status->stamp.size_bytes != 0) GTEST_SKIP() << "no such file here";
  EXPECT_NE(read("/proc/self/maps")->find("[stack]"), std::string::npos);
}

TEST_F(SystemFileSystem, ReadsFarBeyondTheSizeThatIsTold) {
  const std::string path = "/proc/kallsyms";
  const auto status = files_.status(path, FollowLinks::yes);
  if (!status || status->stamp.size_bytes != 0) GTEST_SKIP() << "no such file here";
  const std::string expected = contents(path);
  if (expected.size() < 1'000'000) GTEST_SKIP() << "too small to tell";
  EXPECT_TRUE(read(path) == expected);
}

TEST_F(SystemFileSystem, TakesAFileOfExactlyTheLimit) {
  EXPECT_EQ(read(directory_.write("f", "12345"), 5), "12345");
}

TEST_F(SystemFileSystem, RefusesAFileOverTheLimit) {
  const auto bytes = read(directory_.write("f", "123456"), 5);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::io);
  EXPECT_EQ(bytes.error().message, "larger than the limit of 5 bytes");
  EXPECT_EQ(bytes.error().path, directory_.path("f"));
}

TEST_F(SystemFileSystem, RefusesAFileOverTheLimitWhoseSizeIsNotTold) {
  const auto status = files_.status("/proc/self/maps", FollowLinks::yes);
  if (!status || status->stamp.size_bytes != 0) GTEST_SKIP() << "no such file here";
  const auto bytes = read("/proc/self/maps", 10);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, "larger than the limit of 10 bytes");
}

TEST_F(SystemFileSystem, RefusesASparseFileBeyondTheMemoryWithoutThrowing) {
  const std::string path = directory_.write("sparse", "");
  if (::truncate(path.c_str(), off_t{1} << 43) != 0) GTEST_SKIP() << "no sparse files here";
  const auto bytes = read(path, 1 << 20);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::io);
}

TEST_F(SystemFileSystem, ReadsFromTheBeginningEachTime) {
  auto file = files_.open_file(directory_.write("f", "abc"));
  EXPECT_EQ((*file)->read_all(10), "abc");
  EXPECT_EQ((*file)->read_all(10), "abc");
}

TEST_F(SystemFileSystem, ReadsTheOpenFileWhateverItsNamePointsToByNow) {
  const std::string path = directory_.write("f", "old");
  auto file = files_.open_file(path);
  const auto before = (*file)->status();
  ASSERT_TRUE(files_.rename(directory_.write("new", "new!"), path));
  EXPECT_EQ((*file)->read_all(10), "old");
  EXPECT_EQ((*file)->status()->stamp.inode, before->stamp.inode);
  EXPECT_NE(files_.status(path, FollowLinks::yes)->stamp.inode, before->stamp.inode);
}

TEST_F(SystemFileSystem, DoesNotWaitForTheWriterOfAFifo) {
  ASSERT_EQ(::mkfifo(directory_.path("fifo").c_str(), 0600), 0);
  auto file = files_.open_file(directory_.path("fifo"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->status()->kind, FileKind::other);
  const auto bytes = (*file)->read_all(k_no_limit);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, "not a regular file");
}

TEST_F(SystemFileSystem, DoesNotReadADeviceWithoutEnd) { EXPECT_FALSE(read("/dev/zero")); }

TEST_F(SystemFileSystem, DoesNotWaitForTheReaderOfAFifo) {
  ASSERT_EQ(::mkfifo(directory_.path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(files_.write_file(directory_.path("fifo"), "x"));
}

TEST_F(SystemFileSystem, SaysThatADirectoryIsNoFile) {
  const auto bytes = read(directory_.path());
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, "Is a directory (os error 21)");
}

TEST_F(SystemFileSystem, SaysWhichFileIsMissing) {
  const auto file = files_.open_file(directory_.path("none"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::not_found);
  EXPECT_EQ(file.error().text(),
            directory_.path("none") + ": No such file or directory (os error 2)");
}

TEST_F(SystemFileSystem, SaysThatAFileIsNotPermitted) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may do anything";
  ASSERT_EQ(::chmod(directory_.write("f", "x").c_str(), 0), 0);
  const auto file = files_.open_file(directory_.path("f"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::permission);
}

TEST_F(SystemFileSystem, RefusesANameWithANulInsteadOfCuttingIt) {
  directory_.write("f", "x");
  const std::string name = directory_.path("f") + std::string("\0tail", 5);
  EXPECT_FALSE(files_.open_file(name));
  EXPECT_FALSE(files_.status(name, FollowLinks::yes));
  const auto directory = files_.open_to_change(directory_.path(), FollowLinks::no);
  EXPECT_FALSE((*directory)->remove_file(std::string("f\0tail", 6)));
  EXPECT_FALSE(files_.rename(name, directory_.path("g")));
  EXPECT_FALSE(files_.write_file(name, "y"));
  EXPECT_FALSE(files_.create_directories(directory_.path("d") + std::string("\0tail", 5)));
  EXPECT_EQ(contents(directory_.path("f")), "x");
  EXPECT_FALSE(std::filesystem::exists(directory_.path("d")));
}

TEST_F(SystemFileSystem, TakesTheWholeStampToTheNanosecond) {
  const std::string path = directory_.write("f", "12345");
  const timespec times[2] = {{0, UTIME_OMIT}, {1'783'166'400, 123'456'789}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  struct stat raw = {};
  ASSERT_EQ(::stat(path.c_str(), &raw), 0);
  const auto status = files_.status(path, FollowLinks::yes);
  EXPECT_EQ(status->kind, FileKind::regular);
  EXPECT_EQ(status->stamp.device, raw.st_dev);
  EXPECT_EQ(status->stamp.inode, raw.st_ino);
  EXPECT_EQ(status->stamp.size_bytes, 5);
  EXPECT_EQ(status->stamp.mtime_ns, 1'783'166'400'123'456'789);
  EXPECT_EQ(status->stamp.ctime_ns, raw.st_ctim.tv_sec * 1'000'000'000 + raw.st_ctim.tv_nsec);
}

TEST_F(SystemFileSystem, SeesATimeBefore1970) {
  const std::string path = directory_.write("f", "");
  const timespec times[2] = {{0, UTIME_OMIT}, {-2, 500'000'000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  struct stat raw = {};
  ASSERT_EQ(::stat(path.c_str(), &raw), 0);
  if (raw.st_mtim.tv_sec != -2) GTEST_SKIP() << "this file system has no such times";
  EXPECT_EQ(files_.status(path, FollowLinks::yes)->stamp.mtime_ns, -1'500'000'000);
}

TEST_F(SystemFileSystem, FollowsALinkOnlyWhenAsked) {
  directory_.write("f", "12345");
  std::filesystem::create_symlink("f", directory_.path("link"));
  EXPECT_EQ(files_.status(directory_.path("link"), FollowLinks::no)->kind, FileKind::symlink);
  EXPECT_EQ(files_.status(directory_.path("link"), FollowLinks::yes)->kind, FileKind::regular);
  EXPECT_EQ(read(directory_.path("link")), "12345");
}

TEST_F(SystemFileSystem, ReportsALinkThatLeadsNowhereOrInCircles) {
  std::filesystem::create_symlink("none", directory_.path("dangling"));
  std::filesystem::create_symlink("loop", directory_.path("loop"));
  EXPECT_EQ(files_.open_file(directory_.path("dangling")).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_.open_file(directory_.path("loop")).error().code, ErrorCode::io);
}

TEST_F(SystemFileSystem, WritesOverALongerFileInPlace) {
  const std::string path = directory_.write("f", "a long content");
  const auto before = files_.status(path, FollowLinks::yes);
  ASSERT_TRUE(files_.write_file(path, "short"));
  EXPECT_EQ(contents(path), "short");
  EXPECT_EQ(files_.status(path, FollowLinks::yes)->stamp.inode, before->stamp.inode);
}

TEST_F(SystemFileSystem, GivesANewFileTheModeThatTheUmaskLeaves) {
  const mode_t before = ::umask(027);
  const auto written = files_.write_file(directory_.path("f"), "x");
  ::umask(before);
  ASSERT_TRUE(written);
  struct stat raw = {};
  ASSERT_EQ(::stat(directory_.path("f").c_str(), &raw), 0);
  EXPECT_EQ(raw.st_mode & 0777, 0640U);
}

TEST_F(SystemFileSystem, WritesToNoDevice) {
  const auto written = files_.write_file("/dev/full", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "a device, not a file of ours");
}

TEST_F(SystemFileSystem, ReportsAWriteWhereNoDirectoryIs) {
  EXPECT_EQ(files_.write_file(directory_.path("none/f"), "x").error().code, ErrorCode::not_found);
}

TEST_F(SystemFileSystem, CreatesMissingParents) {
  ASSERT_TRUE(files_.create_directories(directory_.path("a/b//c/")));
  EXPECT_TRUE(std::filesystem::is_directory(directory_.path("a/b/c")));
}

TEST_F(SystemFileSystem, TakesAnExistingDirectoryOrALinkToOneAsCreated) {
  std::filesystem::create_directory_symlink(directory_.path(), directory_.path("link"));
  EXPECT_TRUE(files_.create_directories(directory_.path()));
  EXPECT_TRUE(files_.create_directories(directory_.path("link")));
  EXPECT_TRUE(files_.create_directories("/"));
}

TEST_F(SystemFileSystem, DoesNotTakeAFileForADirectory) {
  directory_.write("f", "x");
  const auto on_file = files_.create_directories(directory_.path("f"));
  ASSERT_FALSE(on_file);
  EXPECT_EQ(on_file.error().message, "File exists (os error 17)");
  EXPECT_EQ(files_.create_directories(directory_.path("f/sub")).error().message,
            "Not a directory (os error 20)");
}

TEST_F(SystemFileSystem, RenamesOverAnotherFile) {
  directory_.write("a", "new");
  directory_.write("b", "old");
  ASSERT_TRUE(files_.rename(directory_.path("a"), directory_.path("b")));
  EXPECT_EQ(contents(directory_.path("b")), "new");
  EXPECT_FALSE(std::filesystem::exists(directory_.path("a")));
}

TEST_F(SystemFileSystem, ReportsTheRenameOfAMissingFile) {
  const auto renamed = files_.rename(directory_.path("a"), directory_.path("b"));
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().path, directory_.path("a"));
}

TEST_F(SystemFileSystem, RemovesAFileButNoDirectory) {
  directory_.write("d/f", "x");
  const auto directory = files_.open_to_change(directory_.path(), FollowLinks::no);
  EXPECT_FALSE((*directory)->remove_file("d"));
  EXPECT_TRUE((*directory)->remove_file("d/f"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path("d/f")));
  EXPECT_EQ((*directory)->remove_file("d/f").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace ktstr
