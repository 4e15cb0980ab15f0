// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "environment/places.hpp"
#include "ktstr/run.hpp"

namespace ktstr {
namespace {

TEST(PathPart, HoldsNoSlashAndNoControlCharacter) {
  for (const char* const text : {"", "a", ".", "a b", "\xC3\xA9", "a..b"}) {
    EXPECT_TRUE(can_stand_in_file_name(text)) << text;
  }
  for (const std::string text : {"/", "a/b", "a\nb", "\x1b", "\x7f", "\xC2\x85", "\xff"}) {
    EXPECT_FALSE(can_stand_in_file_name(text)) << text;
  }
  EXPECT_FALSE(can_stand_in_file_name(std::string_view("a\0b", 3)));
}

TEST(PathPart, OfARunDirectoryIsShortAndHasNoDots) {
  EXPECT_TRUE(can_stand_in_run_directory_name("6.14.2-rc3+"));
  EXPECT_TRUE(can_stand_in_run_directory_name(std::string(120, 'a')));
  EXPECT_FALSE(can_stand_in_run_directory_name(std::string(121, 'a')));
  EXPECT_FALSE(can_stand_in_run_directory_name(".."));
  EXPECT_FALSE(can_stand_in_run_directory_name("a..b"));
}

TEST(RunDirectoryName, SaysUnknownForWhatCantBeInAPath) {
  EXPECT_EQ(run_directory_name("../../x", "abc1234"), "unknown-abc1234");
  EXPECT_EQ(run_directory_name("6.14", "a/b"), "6.14-unknown");
  EXPECT_EQ(run_directory_name("", "abc1234"), "-abc1234");
}

TEST(RefusedPathParts, AreNamedInOneLineOnce) {
  EXPECT_EQ(refused_path_parts_text("6.14", std::nullopt), std::nullopt);
  EXPECT_EQ(refused_path_parts_text("../x", "a\nb"),
            "ktstr: WARNING: kernel version '../x' and project commit 'a\\nb' can't be a part of a "
            "path; the run directory is named with 'unknown' instead");
  OnceGate gate;
  int said = 0;
  const MessageSink sink = [&](std::string_view) { ++said; };
  warn_refused_path_parts("6.14", "abc", gate, sink);
  EXPECT_EQ(said, 0);
  warn_refused_path_parts("..", "abc", gate, sink);
  warn_refused_path_parts("..", "abc", gate, sink);
  EXPECT_EQ(said, 1);
}

}  // namespace
}  // namespace ktstr
