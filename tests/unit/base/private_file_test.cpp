// SPDX-License-Identifier: MIT
#include "base/private_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

class PrivateFiles : public ::testing::Test {
 protected:
  PrivateFiles() { ::chmod(directory_.path().c_str(), 0755); }

  void make(const std::string& name, mode_t mode) {
    std::filesystem::create_directory(directory_.path(name));
    ::chmod(directory_.path(name).c_str(), mode);
  }

  const test::TemporaryDirectory directory_;
};

TEST_F(PrivateFiles, AreAsOpenAsTheirDirectory) {
  make("root", 0755);
  EXPECT_EQ(openness_of(directory_.path("root")), 0755U);
  make("root", 0750);
  EXPECT_EQ(openness_of(directory_.path("root")), 0750U);
  make("root", 0700);
  EXPECT_EQ(openness_of(directory_.path("root")), 0700U);
}

TEST_F(PrivateFiles, AreNoMoreOpenThanTheWayThere) {
  make("home", 0700);
  make("home/root", 0755);
  EXPECT_EQ(openness_of(directory_.path("home/root")), 0700U);
  make("home", 0710);
  EXPECT_EQ(openness_of(directory_.path("home/root")), 0750U);
}

TEST_F(PrivateFiles, OfADirectoryThatIsntThereAreTheOwners) {
  EXPECT_EQ(openness_of(directory_.path("gone")), 0700U);
}

TEST_F(PrivateFiles, AreMadeWithTheirModeFromTheBeginning) {
  ASSERT_TRUE(make_directories(directory_.path("a/b"), k_owner_only_directory));
  EXPECT_EQ(mode_of(directory_.path("a")), 0700U);
  EXPECT_EQ(mode_of(directory_.path("a/b")), 0700U);
  EXPECT_EQ(make_empty_file(directory_.path("a/b/c"), k_owner_only_file), true);
  EXPECT_EQ(mode_of(directory_.path("a/b/c")), 0600U);
  EXPECT_EQ(make_empty_file(directory_.path("a/b/c"), k_owner_only_file), false);
}

TEST_F(PrivateFiles, NeverComeToBeThroughALink) {
  std::filesystem::create_symlink(directory_.path("target"), directory_.path("link"));
  EXPECT_EQ(make_empty_file(directory_.path("link"), k_owner_only_file), false);
  EXPECT_FALSE(std::filesystem::exists(directory_.path("target")));
}

TEST_F(PrivateFiles, AreTightenedButNotBehindALink) {
  const std::string file = directory_.write("file", "x");
  ::chmod(file.c_str(), 0644);
  std::filesystem::create_symlink(file, directory_.path("link"));
  tighten(directory_.path("link"), k_owner_only_file);
  EXPECT_EQ(mode_of(file), 0644U);
  tighten(file, k_owner_only_file);
  EXPECT_EQ(mode_of(file), 0600U);
  tighten(directory_.path("gone"), k_owner_only_file);
}

}  // namespace
}  // namespace ktstr
