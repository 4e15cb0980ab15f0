// SPDX-License-Identifier: MIT
#include "capture/spool_journal.hpp"

#include <gtest/gtest.h>

namespace ktstr::test {
namespace {

SpoolEntry some_entry() {
  SpoolEntry entry;
  entry.run_dir = "6.14-abc1234";
  entry.file_name = "a-0123456789abcdef.ktstr.json";
  entry.session = "1783166400000000000";
  entry.captured_ns = 5;
  entry.mtime_ns = -3;
  entry.size_bytes = 20'000;
  return entry;
}

SpoolEntry read_back(const SpoolEntry& entry) {
  const auto lines = parse_journal(journal_head() + journal_line(7, entry));
  EXPECT_TRUE(lines && lines->size() == 1 && lines->front().number == 7);
  return lines && !lines->empty() ? lines->front().entry : SpoolEntry();
}

TEST(SpoolJournal, ReadsBackWhatItWrote) {
  const SpoolEntry plain = some_entry();
  EXPECT_EQ(read_back(plain), plain);
  SpoolEntry copied = some_entry();
  copied.job = "job-1";
  copied.is_copy = true;
  copied.session.reset();
  EXPECT_EQ(read_back(copied), copied);
}

TEST(SpoolJournal, KeepsEveryByteOfNamesAndTokens) {
  SpoolEntry entry = some_entry();
  entry.run_dir = "tab\there %41";
  entry.job = "two\nlines\r";
  entry.file_name = "\xff\xfe\x01 \x7f.failure-dump.json";
  entry.session = "token\n";
  EXPECT_EQ(read_back(entry), entry);
  EXPECT_EQ(journal_line(1, entry).find('\n'), journal_line(1, entry).size() - 1);
}

TEST(SpoolJournal, LeavesOutALineThatWasTornAnywhere) {
  const std::string first = journal_head() + journal_line(1, some_entry());
  const std::string both = first + journal_line(2, some_entry());
  for (std::size_t length = first.size(); length < both.size(); ++length) {
    const auto lines = parse_journal(both.substr(0, length));
    ASSERT_TRUE(lines) << length;
    EXPECT_EQ(lines->size(), 1U) << length;
  }
}

TEST(SpoolJournal, IsEmptyWhenItsHeadWasTorn) {
  const auto lines = parse_journal("ktstr-index spo");
  ASSERT_TRUE(lines);
  EXPECT_TRUE(lines->empty());
}

TEST(SpoolJournal, LeavesOutWhatIsNoLineAndReadsOn) {
  const auto lines =
      parse_journal(journal_head() + "what\n1\tlink\n" + journal_line(3, some_entry()));
  ASSERT_TRUE(lines && lines->size() == 1);
  EXPECT_EQ(lines->front().number, 3U);
}

TEST(SpoolJournal, LeavesOutNamesThatLeadElsewhere) {
  for (const char* name : {"..", ".", "a/b", "/etc", ""}) {
    SpoolEntry entry = some_entry();
    entry.run_dir = name;
    EXPECT_TRUE(parse_journal(journal_head() + journal_line(1, entry))->empty()) << name;
    entry = some_entry();
    entry.file_name = name;
    EXPECT_TRUE(parse_journal(journal_head() + journal_line(1, entry))->empty()) << name;
  }
}

TEST(SpoolJournal, OfAnotherVersionIsRefused) {
  const auto newer = parse_journal("ktstr-index spool 2\n");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::newer_version);
  const auto other = parse_journal("hello\n");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace ktstr::test
