// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>

#include "base/asked_program.hpp"

namespace ktstr::test {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;

std::int64_t in_ns(std::int64_t duration_ns) { return system_clock().steady_ns() + duration_ns; }

TEST(ConcurrentAbandonable, GivesTheAnswer) {
  const auto done = abandonable<int>(in_ns(20 * k_second_ns), [] { return std::optional<int>(7); });
  EXPECT_EQ(done.answer, 7);
  EXPECT_FALSE(done.is_abandoned);
}

TEST(ConcurrentAbandonable, GivesNoneForWorkThatThrows) {
  const auto done = abandonable<int>(
      in_ns(20 * k_second_ns), []() -> std::optional<int> { throw std::runtime_error("no"); });
  EXPECT_EQ(done.answer, std::nullopt);
  EXPECT_FALSE(done.is_abandoned);
}

TEST(ConcurrentAbandonable, LeavesWorkBehindThatDoesNotEnd) {
  auto gate = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::promise<void>>();
  const auto done = abandonable<int>(in_ns(k_second_ns / 10), [gate, ended] {
    gate->get_future().wait();
    ended->set_value();
    return std::optional<int>(7);
  });
  EXPECT_EQ(done.answer, std::nullopt);
  EXPECT_TRUE(done.is_abandoned);
  gate->set_value();
  ended->get_future().wait();
}

}  // namespace
}  // namespace ktstr::test
