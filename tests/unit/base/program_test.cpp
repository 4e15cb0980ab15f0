// SPDX-License-Identifier: MIT
#include "base/program.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

TEST(FindProgram, TakesTheFirstExecutableFileOfAbsoluteEntries) {
  const TemporaryDirectory directory;
  const auto executable = std::filesystem::perms::owner_all;
  directory.write("plain/git", "");
  directory.write("a/git", "");
  directory.write("b/git", "");
  std::filesystem::create_directories(directory.path("folder/git"));
  std::filesystem::permissions(directory.path("plain/git"), std::filesystem::perms::owner_read);
  std::filesystem::permissions(directory.path("a/git"), executable);
  std::filesystem::permissions(directory.path("b/git"), executable);
  const std::string entries = "/nowhere:" + directory.path("folder") + ":" +
                              directory.path("plain") + ":" + directory.path("a") + ":" +
                              directory.path("b");
  EXPECT_EQ(find_program("git", entries), directory.path("a/git"));
}

TEST(FindProgram, NeverLooksInTheWorkingDirectory) {
  const TemporaryDirectory directory;
  directory.write("bin/git", "");
  std::filesystem::permissions(directory.path("bin/git"), std::filesystem::perms::owner_all);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path("bin"));
  for (const char* entries : {"", ":", ".", "..:../bin", "./"}) {
    EXPECT_EQ(find_program("git", entries), std::nullopt) << entries;
  }
  std::filesystem::current_path(before);
}

TEST(AbsoluteEntries, LeavesOutWhatDependsOnTheWorkingDirectory) {
  EXPECT_EQ(absolute_entries(":/usr/bin::bin:.:/bin:"),
            (std::vector<std::string>{"/usr/bin", "/bin"}));
}

}  // namespace
}  // namespace ktstr::test
