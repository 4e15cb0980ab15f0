// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <filesystem>

#include "ktstr/index.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

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
