// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "catalog/refresh.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_now = 1'783'166'400 * k_second;

Stamp stamp_of(std::int64_t ctime_ns) { return {1, 2, 3, ctime_ns, ctime_ns}; }

TEST(KnownStamps, AreSettledOnceTheirCtimeIsOlderThanTheWindow) {
  EXPECT_TRUE(known_stamp(stamp_of(k_now - 4 * k_second), k_now, k_now).settled);
  EXPECT_FALSE(known_stamp(stamp_of(k_now - 2 * k_second), k_now, k_now).settled);
}

TEST(KnownStamps, AreSettledIfTheClockIsSetBack) {
  EXPECT_TRUE(known_stamp(stamp_of(k_now + 4 * k_second), k_now, k_now).settled);
  EXPECT_FALSE(known_stamp(stamp_of(k_now + 2 * k_second), k_now, k_now).settled);
}

TEST(KnownStamps, AreFreshIfTheProcessStoodStillAfterTakingThem) {
  EXPECT_FALSE(known_stamp(stamp_of(k_now - 1), k_now, k_now + 60 * k_second).settled);
}

TEST(KnownStamps, AreFreshIfTheProcessStoodStillBeforeTakingThem) {
  const std::int64_t later = k_now + 60 * k_second;
  EXPECT_FALSE(known_stamp(stamp_of(later - 1), k_now, later).settled);
  EXPECT_FALSE(known_stamp(stamp_of(k_now + 30 * k_second), k_now, later).settled);
}

TEST(KnownStamps, DoNotCareForTheMtime) {
  Stamp stamp = stamp_of(k_now);
  stamp.mtime_ns = 0;
  EXPECT_FALSE(known_stamp(stamp, k_now, k_now).settled);
}

TEST(FileLook, IsNeededForAFileNeverSeen) {
  EXPECT_EQ(file_look(std::nullopt, stamp_of(1), CheckLevel::dirs), LookReason::added);
}

TEST(FileLook, IsNeededForAnOlderStampToo) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(file_look(known, stamp_of(999), CheckLevel::files), LookReason::stamp);
}

TEST(FileLook, ComparesEveryPartOfAStamp) {
  const KnownStamp known{{1, 2, 3, 4, 5}, true};
  EXPECT_EQ(file_look(known, {1, 2, 3, 4, 5}, CheckLevel::files), LookReason::unchanged);
  for (const Stamp& other : {Stamp{9, 2, 3, 4, 5}, Stamp{1, 9, 3, 4, 5}, Stamp{1, 2, 9, 4, 5},
                             Stamp{1, 2, 3, 9, 5}, Stamp{1, 2, 3, 4, 9}}) {
    EXPECT_EQ(file_look(known, other, CheckLevel::files), LookReason::stamp);
  }
}

TEST(FileLook, IsNeededAgainWhileTheStampIsUnsettled) {
  const KnownStamp known{stamp_of(1000), false};
  EXPECT_EQ(file_look(known, stamp_of(1000), CheckLevel::dirs), LookReason::unsettled);
}

TEST(FileLook, IsAlwaysNeededAtLevelBytes) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(file_look(known, stamp_of(1000), CheckLevel::bytes), LookReason::level);
}

TEST(DirectoryLook, IsNotNeededAtDirsIfTheStampIsSettledAndEqual) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(directory_look(known, stamp_of(1000), false, CheckLevel::dirs), LookReason::unchanged);
  EXPECT_EQ(directory_look(known, stamp_of(1001), false, CheckLevel::dirs), LookReason::stamp);
}

TEST(DirectoryLook, IsAlwaysNeededAboveDirs) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(directory_look(known, stamp_of(1000), false, CheckLevel::files), LookReason::level);
  EXPECT_EQ(directory_look(known, stamp_of(1000), false, CheckLevel::bytes), LookReason::level);
}

TEST(DirectoryLook, IsAlwaysNeededWhereThereAreLinks) {
  const KnownStamp known{stamp_of(1000), true};
  EXPECT_EQ(directory_look(known, stamp_of(1000), true, CheckLevel::dirs), LookReason::links);
}

TEST(CheckLevels, HaveNames) {
  EXPECT_EQ(check_level("none"), CheckLevel::none);
  EXPECT_EQ(check_level("dirs"), CheckLevel::dirs);
  EXPECT_EQ(check_level("files"), CheckLevel::files);
  EXPECT_EQ(check_level("bytes"), CheckLevel::bytes);
  EXPECT_EQ(check_level("Files"), std::nullopt);
}

}  // namespace
}  // namespace ktstr
