// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {
namespace {

TEST(ShellWord, LeavesPlainNamesAsTheyAre) {
  for (const char* const name : {"a", "6.14.2-abc1234", "/a/b_c", "--root=x", "50%", "a@b:c,d+e"}) {
    EXPECT_EQ(shell_word(name), name);
  }
}

TEST(ShellWord, QuotesWhatAShellWouldTakeForItsOwn) {
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("$(touch x)"), "'$(touch x)'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("~"), "'~'");
  EXPECT_EQ(shell_word("=ls"), "'=ls'");
}

TEST(ShellWord, SpellsOutWhatCantBeSeen) {
  EXPECT_EQ(shell_word("a\nb"), "\"$(printf 'a\\012b')\"");
  EXPECT_EQ(shell_word("\xE2\x80\xAE"), "\"$(printf '\\342\\200\\256')\"");
  EXPECT_EQ(shell_word("-\x1b\\'%!\"$`"),
            "\"$(printf '\\055\\033\\134\\047\\045\\041\\042\\044\\140')\"");
}

TEST(ShellWord, KeepsLineEndsAtTheEnd) {
  EXPECT_EQ(shell_word("a\n\n"), "\"$(printf 'a')\"'\n\n'");
  EXPECT_EQ(shell_word("\n"), "'\n'");
}

TEST(ShellOption, TiesAValueThatLooksLikeAnOption) {
  EXPECT_EQ(shell_option("--filter", "a b"), "--filter 'a b'");
  EXPECT_EQ(shell_option("--filter", "-x"), "--filter=-x");
  EXPECT_EQ(shell_option("--filter", "--a b"), "--filter='--a b'");
}

TEST(ShellLine, QuotesEachWord) {
  EXPECT_EQ(shell_line({"chmod", "go-rwx", "a b"}), "chmod go-rwx 'a b'");
}

}  // namespace
}  // namespace ktstr
