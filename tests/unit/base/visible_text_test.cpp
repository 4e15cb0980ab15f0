// SPDX-License-Identifier: MIT
#include "base/visible_text.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace ktstr {
namespace {

TEST(InvisibleCharacters, AreControlsAndWhateverIsDrawnAsNothing) {
  for (const char32_t code :
       {0x00U,   0x1FU,   0x7FU,   0x80U,    0x9FU,    0xADU,    0x61CU,  0x180EU,
        0x200BU, 0x200FU, 0x2028U, 0x202AU,  0x202EU,  0x2060U,  0x2066U, 0x2069U,
        0xFE0FU, 0xFEFFU, 0xFFF9U, 0x1D173U, 0xE0001U, 0xE0041U, 0xE01EFU}) {
    EXPECT_TRUE(is_invisible(code)) << std::hex << static_cast<std::uint32_t>(code);
  }
  for (const char32_t code : {0x20U, 0x7EU, 0xA0U, 0xACU, 0xAEU, 0xE9U, 0x200AU, 0x2010U, 0x2027U,
                              0x202FU, 0x4E00U, 0x1F600U, 0xE1000U}) {
    EXPECT_FALSE(is_invisible(code)) << std::hex << static_cast<std::uint32_t>(code);
  }
}

TEST(InvisibleCharacters, AreShownByTheirNumbers) {
  EXPECT_EQ(escape_control("a\xE2\x80\xAE"
                           "b\xF3\xA0\x81\x81"),
            "a\\u202eb\\U000e0041");
}

TEST(InvisibleCharacters, StayWhereOnlyATerminalIsSpared) {
  EXPECT_EQ(escape_terminal_control("\xE2\x80\xAE\x1b\xC2\x9B"), "\xE2\x80\xAE\\x1b\\xc2\\x9b");
}

TEST(VisibleText, IsValidAndHidesNothing) {
  EXPECT_TRUE(is_visible(""));
  EXPECT_TRUE(
      is_visible("gr\xC3\xB6\xC3\x9F"
                 "e"));
  EXPECT_FALSE(is_visible("\n"));
  EXPECT_FALSE(is_visible("\xFF"));
  EXPECT_FALSE(is_visible("\xEF\xBB\xBF"));
}

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

TEST(SizeText, CountsLettersInPowersOf1024) {
  EXPECT_EQ(parse_size("1048576"), 1'048'576);
  EXPECT_EQ(parse_size("500K"), 512'000);
  EXPECT_EQ(parse_size("2G"), std::int64_t{2} << 30);
  EXPECT_EQ(parse_size("1.5 GiB"), std::int64_t{3} << 29);
  EXPECT_EQ(parse_size("3mb"), 3 << 20);
  EXPECT_EQ(parse_size("0"), 0);
}

TEST(SizeText, IsNothingForWhatIsNoSize) {
  for (const char* text : {"", "G", "-1", "1X", "1KK", "iB", "1e400", "1iB", "nan", "inf", "0x10",
                           "9300000T", "2G2"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ktstr
