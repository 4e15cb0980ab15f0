// SPDX-License-Identifier: MIT
#include "operations/restore.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

namespace fs = std::filesystem;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class RestoringTree : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  RestoreTree tree_{directory_.path("to")};
};

TEST_F(RestoringTree, TakesOnlyPlainComponents) {
  for (const std::string name : {"", ".", "..", "a/b", "/a"}) {
    EXPECT_FALSE(is_plain_component(name)) << name;
  }
  EXPECT_FALSE(is_plain_component(std::string_view("a\0b", 3)));
  for (const std::string name : {"a", "...", ".hidden", "a b", "\xff"}) {
    EXPECT_TRUE(is_plain_component(name)) << name;
  }
}

TEST_F(RestoringTree, LooksWithoutMakingAnything) {
  EXPECT_EQ(tree_.look({{"run"}, "a"}, "x"), Standing::absent);
  EXPECT_FALSE(fs::exists(directory_.path("to")));
}

TEST_F(RestoringTree, WritesTheBytesWithTheirTimeAndLeavesNoTemporaryFile) {
  ASSERT_TRUE(tree_.put({{"run", "job"}, "a"}, "bytes", 1'500'000'000'123'456'789, false));
  const std::string path = directory_.path("to/run/job/a");
  EXPECT_EQ(content(path), "bytes");
  struct stat status = {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'500'000'000);
  EXPECT_EQ(status.st_mtim.tv_nsec, 123'456'789);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path("to/run/job")), {}), 1);
}

TEST_F(RestoringTree, TakesATimeBeforeTheEpoch) {
  ASSERT_TRUE(tree_.put({{"run"}, "a"}, "bytes", -1'500'000'000, false));
  struct stat status = {};
  ASSERT_EQ(::stat(directory_.path("to/run/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, -2);
  EXPECT_EQ(status.st_mtim.tv_nsec, 500'000'000);
}

TEST_F(RestoringTree, TellsTheSameBytesFromOthers) {
  directory_.write("to/run/a", "bytes");
  EXPECT_EQ(tree_.look({{"run"}, "a"}, "bytes"), Standing::same);
  EXPECT_EQ(tree_.look({{"run"}, "a"}, "other"), Standing::different);
  EXPECT_EQ(tree_.look({{"run"}, "a"}, "longer bytes"), Standing::different);
}

TEST_F(RestoringTree, ReplacesOnlyWhenTold) {
  directory_.write("to/run/a", "mine");
  EXPECT_FALSE(tree_.put({{"run"}, "a"}, "bytes", {}, false));
  EXPECT_EQ(content(directory_.path("to/run/a")), "mine");
  ASSERT_TRUE(tree_.put({{"run"}, "a"}, "bytes", {}, true));
  EXPECT_EQ(content(directory_.path("to/run/a")), "bytes");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path("to/run")), {}), 1);
}

TEST_F(RestoringTree, WritesNothingThroughALink) {
  directory_.write("outside/a", "untouched");
  fs::create_directories(directory_.path("to"));
  fs::create_directory_symlink(directory_.path("outside"), directory_.path("to/run"));
  EXPECT_FALSE(tree_.look({{"run"}, "a"}, "bytes"));
  EXPECT_FALSE(tree_.put({{"run"}, "a"}, "bytes", {}, true));
  EXPECT_FALSE(tree_.put({{"run", "job"}, "a"}, "bytes", {}, true));
  EXPECT_EQ(content(directory_.path("outside/a")), "untouched");
  EXPECT_FALSE(fs::exists(directory_.path("outside/job")));
}

TEST_F(RestoringTree, RefusesComponentsThatLeadElsewhere) {
  for (const std::string name : {"..", "", "../x", "/tmp"}) {
    EXPECT_FALSE(tree_.put({{name}, "a"}, "bytes", {}, true)) << name;
    EXPECT_FALSE(tree_.put({{"run"}, name}, "bytes", {}, true)) << name;
  }
  EXPECT_FALSE(fs::exists(directory_.path("a")));
}

}  // namespace
}  // namespace ktstr::test
