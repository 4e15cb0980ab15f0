// SPDX-License-Identifier: MIT
#include "base/pipeline.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ktstr {
namespace {

/// 0, 1, … up to but without `count`.
auto numbers(int count) {
  return [next = 0, count]() mutable -> std::optional<int> {
    if (next == count) return std::nullopt;
    return next++;
  };
}

std::vector<int> first_numbers(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

class ConcurrentPipeline : public testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(Workers, ConcurrentPipeline, testing::Values(0, 1, 2, 8));

TEST_P(ConcurrentPipeline, ConsumesInTheOrderOfProductionHoweverLongTheWorkTakes) {
  std::vector<int> consumed;
  const auto outcome = run_ordered<int, int>(
      GetParam(), 16, numbers(300),
      [](int item) {
        std::this_thread::sleep_for(std::chrono::microseconds(item % 7 == 0 ? 500 : 0));
        return item;
      },
      [&](int item) -> Result<void> {
        consumed.push_back(item);
        return {};
      });
  EXPECT_TRUE(outcome);
  EXPECT_EQ(consumed, first_numbers(300));
}

TEST_P(ConcurrentPipeline, ProducesAndConsumesOnTheCallersThread) {
  const auto caller = std::this_thread::get_id();
  const auto outcome = run_ordered<int, int>(
      GetParam(), 4,
      [&, produce = numbers(20)]() mutable {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        return produce();
      },
      [](int item) { return item; },
      [&](int) -> Result<void> {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        return {};
      });
  EXPECT_TRUE(outcome);
}

TEST_P(ConcurrentPipeline, HoldsNoMoreThanTheWindow) {
  int in_flight = 0;
  int most = 0;
  const auto outcome = run_ordered<int, int>(
      GetParam(), 5,
      [&, produce = numbers(200)]() mutable {
        auto item = produce();
        if (item) most = std::max(most, ++in_flight);
        return item;
      },
      [](int item) { return item; },
      [&](int) -> Result<void> {
        --in_flight;
        return {};
      });
  EXPECT_TRUE(outcome);
  EXPECT_EQ(most, GetParam() == 0 ? 1 : 5);
}

TEST_P(ConcurrentPipeline, TakesAWindowOfNothingAsOne) {
  int consumed = 0;
  const auto outcome = run_ordered<int, int>(
      GetParam(), 0, numbers(10), [](int item) { return item; },
      [&](int) -> Result<void> {
        ++consumed;
        return {};
      });
  EXPECT_TRUE(outcome);
  EXPECT_EQ(consumed, 10);
}

TEST_P(ConcurrentPipeline, EndsAtOnceWithoutItems) {
  const auto outcome = run_ordered<int, int>(
      GetParam(), 4, numbers(0), [](int item) { return item; },
      [](int) -> Result<void> { return fail(ErrorCode::io, "consumed something"); });
  EXPECT_TRUE(outcome);
}

TEST_P(ConcurrentPipeline, ReturnsTheFirstErrorAndConsumesNothingAfterIt) {
  int consumed = 0;
  const auto outcome = run_ordered<int, int>(
      GetParam(), 8, numbers(1000), [](int item) { return item; },
      [&](int item) -> Result<void> {
        ++consumed;
        if (item >= 10) return fail(ErrorCode::busy, "at " + std::to_string(item));
        return {};
      });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::busy);
  EXPECT_EQ(outcome.error().message, "at 10");
  EXPECT_EQ(consumed, 11);
}

TEST_P(ConcurrentPipeline, HasJoinedItsWorkersWhenItReturnsAnError) {
  std::atomic<int> working = 0;
  const auto outcome = run_ordered<int, int>(
      GetParam(), 8, numbers(100),
      [&](int item) {
        ++working;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        --working;
        return item;
      },
      [](int) -> Result<void> { return fail(ErrorCode::io, "stop"); });
  EXPECT_FALSE(outcome);
  EXPECT_EQ(working, 0);
}

TEST_P(ConcurrentPipeline, ThrowsAnExceptionOfTheWorkOnTheCallersThreadInItsTurn) {
  std::vector<int> consumed;
  EXPECT_THROW(static_cast<void>(run_ordered<int, int>(
                   GetParam(), 8, numbers(100),
                   [](int item) {
                     if (item == 20) throw std::runtime_error("bad item");
                     return item;
                   },
                   [&](int item) -> Result<void> {
                     consumed.push_back(item);
                     return {};
                   })),
               std::runtime_error);
  EXPECT_EQ(consumed, first_numbers(20));
}

TEST_P(ConcurrentPipeline, LetsAnExceptionOfTheProducerOutAndJoins) {
  EXPECT_THROW(static_cast<void>(run_ordered<int, int>(
                   GetParam(), 8,
                   [produce = numbers(100)]() mutable {
                     auto item = produce();
                     if (*item == 30) throw std::runtime_error("no more");
                     return item;
                   },
                   [](int item) { return item; }, [](int) -> Result<void> { return {}; })),
               std::runtime_error);
}

TEST_P(ConcurrentPipeline, MovesItemsThatCannotBeCopied) {
  using Item = std::unique_ptr<std::string>;
  std::string all;
  const auto outcome = run_ordered<Item, Item>(
      GetParam(), 3,
      [produce = numbers(5)]() mutable -> std::optional<Item> {
        const auto number = produce();
        if (!number) return std::nullopt;
        return std::make_unique<std::string>(std::to_string(*number));
      },
      [](Item&& item) {
        *item += ';';
        return std::move(item);
      },
      [&](Item&& item) -> Result<void> {
        all += *item;
        return {};
      });
  EXPECT_TRUE(outcome);
  EXPECT_EQ(all, "0;1;2;3;4;");
}

TEST(ConcurrentPipelineWork, RunsOnSeveralThreadsAtOnce) {
  // Each of two items waits for the other: alone, neither would end.
  std::atomic<int> arrived = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::vector<bool> met;
  const auto outcome = run_ordered<int, bool>(
      2, 2, numbers(2),
      [&](int) {
        ++arrived;
        while (arrived < 2 && std::chrono::steady_clock::now() < deadline) {
          std::this_thread::yield();
        }
        return arrived == 2;
      },
      [&](bool both) -> Result<void> {
        met.push_back(both);
        return {};
      });
  EXPECT_TRUE(outcome);
  EXPECT_EQ(met, (std::vector<bool>{true, true}));
}

}  // namespace
}  // namespace ktstr
