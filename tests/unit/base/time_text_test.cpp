// SPDX-License-Identifier: MIT
#include "base/time_text.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <ctime>
#include <limits>
#include <optional>
#include <string>

namespace ktstr {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_hour = 3600 * k_second;
constexpr std::int64_t k_day = 24 * k_hour;
constexpr std::int64_t k_noon = 1'783'166'400 * k_second;  // 2026-07-04T12:00:00Z

/// Puts the process into a time zone for the length of a test.
class TimeZone {
 public:
  explicit TimeZone(const char* zone) {
    if (const char* before = ::getenv("TZ")) before_ = before;
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;
  ~TimeZone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }

 private:
  std::optional<std::string> before_;
};

// Central European rules, spelled out so that no zone database is needed.
constexpr const char* k_berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

TEST(Iso8601, ShowsTheSecondThatATimeLiesIn) {
  EXPECT_EQ(iso8601_utc(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso8601_utc(k_noon), "2026-07-04T12:00:00Z");
  EXPECT_EQ(iso8601_utc(k_noon + k_second - 1), "2026-07-04T12:00:00Z");
}

TEST(Iso8601, TruncatesTowardsThePastBefore1970) {
  EXPECT_EQ(iso8601_utc(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(iso8601_utc(-k_second), "1969-12-31T23:59:59Z");
  EXPECT_EQ(iso8601_utc(-k_second - 1), "1969-12-31T23:59:58Z");
}

TEST(Iso8601, ShowsTheWholeRange) {
  EXPECT_EQ(iso8601_utc(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16Z");
  EXPECT_EQ(iso8601_utc(std::numeric_limits<std::int64_t>::min()), "1677-09-21T00:12:43Z");
}

TEST(ParseIso8601, ReadsWhatIsWritten) {
  for (const std::int64_t time :
       {std::int64_t{0}, k_noon, -k_day * 400, k_noon + 86'399 * k_second}) {
    EXPECT_EQ(parse_iso8601_utc(iso8601_utc(time)), time);
  }
}

TEST(ParseIso8601, KnowsTheCalendar) {
  EXPECT_TRUE(parse_iso8601_utc("2024-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601_utc("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601_utc("2026-04-31T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601_utc("2026-13-01T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601_utc("2026-00-01T00:00:00Z"));
}

TEST(ParseIso8601, RefusesEveryOtherForm) {
  for (const char* text :
       {"", "2026-07-04", "2026-07-04T12:00:00", "2026-07-04 12:00:00Z", "2026-07-04T12:00:00z",
        "2026-07-04T12:00:00+00:00", "2026-07-04T24:00:00Z", "2026-07-04T12:60:00Z",
        "2026-07-04T12:00:60Z", "2026-07-04T12:00:00Z ", "+026-07-04T12:00:00Z",
        "2026-07-04T12:00:0 Z", "2026-07-04T12:00.000Z", "2026-07-04T12:00+0:00"}) {
    EXPECT_FALSE(parse_iso8601_utc(text)) << text;
  }
}

TEST(ParseIso8601, RefusesAYearThatNanosecondsCannotHold) {
  EXPECT_FALSE(parse_iso8601_utc("2263-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601_utc("0001-01-01T00:00:00Z"));
}

TEST(ParseTime, TakesADateAsLocalMidnight) {
  const TimeZone zone(k_berlin);
  EXPECT_EQ(parse_time("2026-07-04", 0), k_noon - 14 * k_hour);
  EXPECT_EQ(parse_time("2026-01-01", 0), *parse_iso8601_utc("2025-12-31T23:00:00Z"));
}

TEST(ParseTime, TakesATimeWithoutZoneAsLocal) {
  const TimeZone zone(k_berlin);
  EXPECT_EQ(parse_time("2026-07-04 14:00", 0), k_noon);
  EXPECT_EQ(parse_time("2026-07-04T14:00:01", 0), k_noon + k_second);
}

TEST(ParseTime, ObeysAZoneThatIsGiven) {
  const TimeZone zone(k_berlin);
  EXPECT_EQ(parse_time("2026-07-04T12:00:00Z", 0), k_noon);
  EXPECT_EQ(parse_time("2026-07-04T14:00:00+02:00", 0), k_noon);
  EXPECT_EQ(parse_time("2026-07-04T06:30-0530", 0), k_noon);
  EXPECT_EQ(parse_time("2026-07-04 12:00Z", 0), k_noon);
}

TEST(ParseTime, TakesFractionsOfASecond) {
  EXPECT_EQ(parse_time("2026-07-04T12:00:00.5Z", 0), k_noon + k_second / 2);
  EXPECT_EQ(parse_time("2026-07-04T12:00:00.000000001Z", 0), k_noon + 1);
}

TEST(ParseTime, TakesUpToElevenDigitsAsSecondsAndMoreAsNanoseconds) {
  EXPECT_EQ(parse_time("0", 1), 0);
  EXPECT_EQ(parse_time("1783166400", 0), k_noon);
  EXPECT_EQ(parse_time("1783166400000000000", 0), k_noon);
  EXPECT_EQ(parse_time("100000000000", 0), 100'000'000'000);
}

TEST(ParseTime, CountsBackFromNow) {
  EXPECT_EQ(parse_time("90s", k_noon), k_noon - 90 * k_second);
  EXPECT_EQ(parse_time("15m", k_noon), k_noon - 15 * 60 * k_second);
  EXPECT_EQ(parse_time("3h", k_noon), k_noon - 3 * k_hour);
  EXPECT_EQ(parse_time("2d", k_noon), k_noon - 2 * k_day);
  EXPECT_EQ(parse_time("1w", k_noon), k_noon - 7 * k_day);
}

TEST(ParseTime, KnowsNowTodayAndYesterday) {
  const TimeZone zone(k_berlin);
  EXPECT_EQ(parse_time("now", k_noon), k_noon);
  EXPECT_EQ(parse_time("today", k_noon), k_noon - 14 * k_hour);
  EXPECT_EQ(parse_time("yesterday", k_noon), k_noon - 38 * k_hour);
}

TEST(ParseTime, FindsYesterdaysMidnightAcrossALongDay) {
  const TimeZone zone(k_berlin);
  // The clocks went back on 2026-10-25, which so had 25 hours.
  const std::int64_t now = *parse_iso8601_utc("2026-10-26T12:00:00Z");
  EXPECT_EQ(iso8601_utc(*parse_time("today", now)), "2026-10-25T23:00:00Z");
  EXPECT_EQ(iso8601_utc(*parse_time("yesterday", now)), "2026-10-24T22:00:00Z");
}

TEST(ParseTime, FindsTodayOnTheFirstOfAYear) {
  const TimeZone zone("UTC0");
  const std::int64_t now = *parse_iso8601_utc("2026-01-01T08:00:00Z");
  EXPECT_EQ(iso8601_utc(*parse_time("yesterday", now)), "2025-12-31T00:00:00Z");
}

TEST(ParseTime, IgnoresSpaceAround) { EXPECT_EQ(parse_time(" 1h ", k_noon), k_noon - k_hour); }

TEST(ParseTime, RefusesWhatItCannotReadOrHold) {
  for (const char* text : {"",
                           " ",
                           "s",
                           "h",
                           "-1h",
                           "+5",
                           "1.5h",
                           "2y",
                           "1H",
                           "tomorrow",
                           "2026-7-4",
                           "2026-02-30",
                           "2026-07-04T",
                           "2026-07-04T12",
                           "2026-07-04T12:00:00ZZ",
                           "2026-07-04T12:00+2:00",
                           "2026-07-04T12:00:00.Z",
                           "2026-07-04T12:00:00.1234567890Z",
                           "2026-07-04T12:00+24:00",
                           "99999999999",
                           "99999999999999999999",
                           "99999999999999w",
                           "9999-01-01"}) {
    EXPECT_FALSE(parse_time(text, k_noon)) << text;
  }
}

TEST(SystemClock, AgreesWithTheSystemsTime) {
  const std::int64_t before = std::time(nullptr);
  const std::int64_t now = system_clock().now_ns() / 1'000'000'000;
  EXPECT_GE(now, before - 1);
  EXPECT_LE(now, std::time(nullptr) + 1);
}

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
  const std::int64_t before = system_clock().steady_ns();
  system_clock().sleep_ns(2'000'000);
  EXPECT_GE(system_clock().steady_ns() - before, 2'000'000);
}

}  // namespace
}  // namespace ktstr
