// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ctime>

#include "base/time_text.hpp"

namespace ktstr {
namespace {

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
