// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <thread>
#include <vector>

#include "environment/run_directory.hpp"
#include "ktstr/run.hpp"
#include "support/fake_clock.hpp"

namespace ktstr {
namespace {

using test::FakeClock;

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::int64_t k_day_ns = 86'400 * k_second_ns;

TEST(NowIso8601, IsTheSecondOfTheClock) {
  EXPECT_EQ(now_iso8601(FakeClock()), "2026-07-04T12:00:00Z");
  EXPECT_EQ(now_iso8601(FakeClock(1'783'166'400'999'999'999)), "2026-07-04T12:00:00Z");
}

TEST(NowIso8601, KnowsTheCalendar) {
  const std::vector<std::pair<std::int64_t, const char*>> days = {
      {0, "1970-01-01"},     {11016, "2000-02-29"}, {18628, "2021-01-01"},
      {19722, "2023-12-31"}, {19723, "2024-01-01"}, {19782, "2024-02-29"}};
  for (const auto& [day, date] : days) {
    EXPECT_EQ(now_iso8601(FakeClock(day * k_day_ns)), std::string(date) + "T00:00:00Z");
  }
}

TEST(NowIso8601, TakesAnEarlierClockForTheEpoch) {
  EXPECT_EQ(now_iso8601(FakeClock(-1)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(now_iso8601(FakeClock(-k_day_ns)), "1970-01-01T00:00:00Z");
}

TEST(NowIso8601, IsSampledAtEachCall) {
  FakeClock clock;
  EXPECT_EQ(now_iso8601(clock), "2026-07-04T12:00:00Z");
  clock.advance(k_second_ns);
  EXPECT_EQ(now_iso8601(clock), "2026-07-04T12:00:01Z");
}

TEST(RunIdTimestamp, IsThatOfTheFirstUse) {
  FakeClock clock;
  RunIds ids(clock);
  clock.advance(k_second_ns);
  EXPECT_EQ(ids.timestamp(), "20260704T120001Z");
  clock.advance(k_second_ns);
  EXPECT_EQ(ids.timestamp(), "20260704T120001Z");
}

TEST(RunId, CountsFromZeroWithTheSameTimestamp) {
  FakeClock clock;
  RunIds ids(clock);
  EXPECT_EQ(ids.next(), "20260704T120000Z-0");
  clock.advance(k_second_ns);
  EXPECT_EQ(ids.next(), "20260704T120000Z-1");
  for (int i = 2; i < 10; ++i) static_cast<void>(ids.next());
  EXPECT_EQ(ids.next(), "20260704T120000Z-10");
}

TEST(RunId, OfTheProcessHasItsTimestampAndGoesUp) {
  const std::string first = generate_run_id();
  const std::string second = generate_run_id();
  EXPECT_TRUE(std::regex_match(run_id_timestamp(), std::regex("[0-9]{8}T[0-9]{6}Z")));
  EXPECT_TRUE(std::regex_match(now_iso8601(), std::regex("[-0-9]{10}T[:0-9]{8}Z")));
  EXPECT_EQ(first.rfind(run_id_timestamp() + "-", 0), 0U);
  EXPECT_NE(first, second);
}

TEST(ConcurrentRunIds, AreAllDifferentAndOfOneTimestamp) {
  const FakeClock clock;
  RunIds ids(clock);
  std::vector<std::set<std::string>> found(4);
  std::vector<std::thread> threads;
  threads.reserve(found.size());
  for (auto& mine : found) {
    threads.emplace_back([&ids, &mine] {
      for (int i = 0; i < 50; ++i) mine.insert(ids.next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : found) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 200U);
  EXPECT_EQ(all.count("20260704T120000Z-199"), 1U);
}

}  // namespace
}  // namespace ktstr
