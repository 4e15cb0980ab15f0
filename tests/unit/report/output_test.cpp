// SPDX-License-Identifier: MIT
#include "report/output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace ktstr {
namespace {

TEST(Facts, StandInTwoColumns) {
  EXPECT_EQ(facts_text({{"root", "/pool"}, {"last refresh", "now"}}),
            "root          /pool\nlast refresh  now\n");
}

TEST(Facts, ShowAMissingValueAndEscapeControlCharacters) {
  EXPECT_EQ(facts_text({{"a", ""}, {"b", "x\n\x1b"}}), "a  -\nb  x\\n\\x1b\n");
}

TEST(Facts, OfNothingAreNoText) { EXPECT_EQ(facts_text({}), ""); }

TEST(Terminal, HasTheWidthThatItReports) {
  EXPECT_EQ(terminal_from(true, 132, {"100", {}, {}}).width, 132);
}

TEST(Terminal, WithoutAReportedWidthHasThatOfTheVariable) {
  EXPECT_EQ(terminal_from(true, 0, {"100", {}, {}}).width, 100);
}

TEST(Terminal, IsEightyColumnsWideWhenNobodyKnows) {
  for (const char* columns : {"", "0", "-3", "12x", "99999999999"}) {
    EXPECT_EQ(terminal_from(true, 0, {columns, {}, {}}).width, 80) << columns;
  }
  EXPECT_EQ(terminal_from(true, 0, {}).width, 80);
}

TEST(Terminal, IsColouredUnlessNoColorIsSetAndNotEmpty) {
  EXPECT_TRUE(terminal_from(true, 80, {}).color);
  EXPECT_TRUE(terminal_from(true, 80, {{}, "", {}}).color);
  EXPECT_FALSE(terminal_from(true, 80, {{}, "1", {}}).color);
  EXPECT_FALSE(terminal_from(true, 80, {{}, {}, "dumb"}).color);
}

TEST(Terminal, HasNoLimitAndNoColourWhenItIsAFile) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const Terminal terminal = inspect_terminal(file, {"100", {}, {}});
  std::fclose(file);
  EXPECT_FALSE(terminal.is_terminal);
  EXPECT_EQ(terminal.width, 0);
  EXPECT_FALSE(terminal.color);
}

TEST(Terminal, IsAskedForItsSize) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    GTEST_SKIP() << "this system has no pseudo terminals";
  }
  std::FILE* slave = std::fopen(ptsname(master), "w");
  ASSERT_NE(slave, nullptr);
  winsize size{};
  size.ws_col = 61;
  size.ws_row = 10;
  ASSERT_EQ(ioctl(master, TIOCSWINSZ, &size), 0);
  const Terminal terminal = inspect_terminal(slave, {"100", {}, {}});
  std::fclose(slave);
  close(master);
  EXPECT_TRUE(terminal.is_terminal);
  EXPECT_EQ(terminal.width, 61);
  EXPECT_TRUE(terminal.color);
}

}  // namespace
}  // namespace ktstr
