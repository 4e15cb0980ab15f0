// SPDX-License-Identifier: MIT
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace ktstr::test {
namespace {

TEST(TemporaryDirectory, IsGoneWithItsContentAtTheEnd) {
  std::string path;
  {
    const TemporaryDirectory directory;
    path = directory.path();
    directory.write("a/b", "x");
    EXPECT_TRUE(std::filesystem::exists(path + "/a/b"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryDirectory, IsANewOneEachTime) {
  EXPECT_NE(TemporaryDirectory().path(), TemporaryDirectory().path());
}

}  // namespace
}  // namespace ktstr::test
