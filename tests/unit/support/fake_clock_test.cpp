// SPDX-License-Identifier: MIT
#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace ktstr::test {
namespace {

TEST(FakeClock, StandsStillUntilItIsMoved) {
  FakeClock clock(100);
  EXPECT_EQ(clock.now_ns(), 100);
  clock.advance(5);
  EXPECT_EQ(clock.now_ns(), 105);
  EXPECT_EQ(clock.steady_ns(), 5);
}

TEST(FakeClock, AdvancesInsteadOfSleeping) {
  FakeClock clock(100);
  clock.sleep_ns(1'000'000'000'000);
  EXPECT_EQ(clock.now_ns(), 1'000'000'000'100);
}

TEST(FakeClock, NeverTakesTheSteadyTimeBack) {
  FakeClock clock(100);
  clock.set_now_ns(150);
  clock.set_now_ns(20);
  EXPECT_EQ(clock.now_ns(), 20);
  EXPECT_EQ(clock.steady_ns(), 50);
}

}  // namespace
}  // namespace ktstr::test
