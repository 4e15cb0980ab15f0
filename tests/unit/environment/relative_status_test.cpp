// SPDX-License-Identifier: MIT
#include "environment/relative_status.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

class RelativeStatusTest : public ::testing::Test {
 protected:
  RelativeStatusTest() {
    directory_.write("a/b/c/file", "1");
    directory_.write("a/b/file", "22");
    directory_.write("a/bc/file", "333");
    directory_.write("file", "4444");
  }
  Presence look(const std::string& path) { return status_of(path, status); }

  TemporaryDirectory directory_;
  RelativeStatus status_of{directory_.path()};
  struct stat status = {};
};

TEST_F(RelativeStatusTest, FindsFilesInAnyOrderOfDirectories) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(look("a/b/c/file"), Presence::present);
    EXPECT_EQ(status.st_size, 1);
    EXPECT_EQ(look("a/bc/file"), Presence::present);
    EXPECT_EQ(status.st_size, 3);
    EXPECT_EQ(look("a/b/file"), Presence::present);
    EXPECT_EQ(status.st_size, 2);
    EXPECT_EQ(look("file"), Presence::present);
    EXPECT_EQ(status.st_size, 4);
  }
}

TEST_F(RelativeStatusTest, GoesOnAfterADirectoryThatIsMissing) {
  EXPECT_EQ(look("a/none/deep/file"), Presence::missing);
  EXPECT_EQ(look("a/none/file"), Presence::missing);
  EXPECT_EQ(look("a/b/file"), Presence::present);
  EXPECT_EQ(look("a/b/none"), Presence::missing);
}

TEST_F(RelativeStatusTest, CallsAFileBelowAFileMissing) {
  EXPECT_EQ(look("file/below"), Presence::missing);
}

TEST_F(RelativeStatusTest, CallsAFileBehindALinkToADirectoryMissing) {
  std::filesystem::create_directory_symlink("b", directory_.path("a/link"));
  EXPECT_EQ(look("a/link/file"), Presence::missing);
}

TEST_F(RelativeStatusTest, LooksAtALinkItself) {
  std::filesystem::create_symlink("nowhere", directory_.path("link"));
  EXPECT_EQ(look("link"), Presence::present);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST_F(RelativeStatusTest, KnowsNothingWithoutItsTop) {
  RelativeStatus lost(directory_.path("none"));
  EXPECT_EQ(lost("file", status), Presence::unknown);
}

TEST_F(RelativeStatusTest, KnowsNothingOfADirectoryThatItMayNotPass) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may pass every directory";
  std::filesystem::permissions(directory_.path("a/b"), std::filesystem::perms::none);
  const Presence found = look("a/b/file");
  std::filesystem::permissions(directory_.path("a/b"), std::filesystem::perms::owner_all);
  EXPECT_EQ(found, Presence::unknown);
}

}  // namespace
}  // namespace ktstr::test
