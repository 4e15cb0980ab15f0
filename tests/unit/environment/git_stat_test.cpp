// SPDX-License-Identifier: MIT
#include "environment/git_stat.hpp"

#include <gtest/gtest.h>

namespace ktstr::test {
namespace {

constexpr std::uint32_t k_then = 1'700'000'000;

/// A file, its entry, and an index that is an hour younger.
class GitStat : public ::testing::Test {
 protected:
  GitStat() {
    entry.path = "file";
    entry.mode = status.st_mode = S_IFREG | 0644;
    entry.size_bytes = 10;
    status.st_size = 10;
    entry.inode = 7;
    status.st_ino = 7;
    entry.owner = entry.group = status.st_uid = status.st_gid = 1000;
    entry.mtime = entry.ctime = {k_then, 500};
    status.st_mtim = status.st_ctim = {k_then, 500};
    entry.blob.fill(1);
    rules.index_written = {k_then + 3600, 1};
  }
  [[nodiscard]] GitStatVerdict verdict() const { return compare_status(entry, status, rules); }

  GitIndexEntry entry;
  struct stat status = {};
  GitStatRules rules;
};

TEST_F(GitStat, BelievesEqualStamps) { EXPECT_EQ(verdict(), GitStatVerdict::unchanged); }

TEST_F(GitStat, CallsAnotherSizeAChange) {
  status.st_size = 11;
  EXPECT_EQ(verdict(), GitStatVerdict::changed);
}

TEST_F(GitStat, ComparesTheLow32BitsOfASize) {
  status.st_size = 10 + (std::int64_t{1} << 32);
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

TEST_F(GitStat, DoesNotBelieveARecordedSizeOfNothing) {
  entry.size_bytes = 0;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  status.st_size = 0;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
}

TEST_F(GitStat, IsUnsureAboutAnyOtherField) {
  const struct stat same = status;
  status.st_mtim.tv_sec += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  status = same;
  status.st_mtim.tv_nsec += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  status = same;
  status.st_ctim.tv_sec += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  status = same;
  status.st_ino += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  status = same;
  status.st_uid += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  status = same;
  status.st_gid += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
}

TEST_F(GitStat, TakesNoNanosecondsForNotRecorded) {
  entry.mtime.nanoseconds = entry.ctime.nanoseconds = 0;
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

TEST_F(GitStat, LooksAtNoCtimeThatIsNotTrusted) {
  status.st_ctim.tv_sec += 1;
  rules.trust_ctime = false;
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

TEST_F(GitStat, LooksAtSecondsOfMtimeAndSizeOnlyWhenToldSo) {
  rules.check_all = false;
  status.st_ctim.tv_sec += 1;
  status.st_mtim.tv_nsec += 1;
  status.st_ino += 1;
  status.st_uid += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
  status.st_mtim.tv_sec += 1;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
}

TEST_F(GitStat, IsUnsureAboutAFileAsYoungAsTheIndex) {
  rules.index_written = entry.mtime;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
}

TEST_F(GitStat, IsUnsureAboutAFileOfAFewClockTicksBeforeTheIndex) {
  rules.index_written = {k_then, 500 + 20'000'000};
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  rules.index_written = {k_then, 501 + 20'000'000};
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

TEST_F(GitStat, IsUnsureForAWholeSecondWhereNanosecondsAreNotRecorded) {
  rules.index_written = {k_then, 0};
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
  rules.index_written = {k_then + 1, 0};
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

TEST_F(GitStat, IsUnsureAboutAFileFromTheFuture) {
  entry.mtime.seconds += 7200;
  status.st_mtim.tv_sec += 7200;
  EXPECT_EQ(verdict(), GitStatVerdict::unsure);
}

TEST_F(GitStat, CallsAnExecutableBitAChangeIfModesAreTrusted) {
  status.st_mode = S_IFREG | 0755;
  EXPECT_EQ(verdict(), GitStatVerdict::changed);
  rules.trust_mode = false;
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

TEST_F(GitStat, CallsAnotherKindOfFileAChange) {
  for (const mode_t kind : {S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK}) {
    status.st_mode = kind | 0644;
    EXPECT_EQ(verdict(), GitStatVerdict::changed);
  }
}

TEST_F(GitStat, CallsAFileInPlaceOfALinkAChangeIfThereAreLinks) {
  entry.mode = S_IFLNK;
  EXPECT_EQ(verdict(), GitStatVerdict::changed);
  rules.has_symlinks = false;
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

TEST_F(GitStat, CallsAnUnfinishedEntryAChange) {
  entry.is_unfinished = true;
  EXPECT_EQ(verdict(), GitStatVerdict::changed);
}

TEST_F(GitStat, ComparesTimesBehindTheYear2038) {
  status.st_mtim.tv_sec = 3'000'000'000;
  entry.mtime = git_time(3'000'000'000'000'000'500);
  status.st_mtim.tv_nsec = 500;
  rules.index_written = git_time(3'000'003'600'000'000'500);
  EXPECT_EQ(verdict(), GitStatVerdict::unchanged);
}

}  // namespace
}  // namespace ktstr::test
