// SPDX-License-Identifier: MIT
#include "statement_bounds.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace ktstr {
namespace {

bool is_readable(int descriptor) {
  pollfd asked{descriptor, POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1;
}

TEST(StopRequest, TellsWhoAsksAndWhoWaits) {
  StopRequest stop;
  const int descriptor = stop.descriptor();
  EXPECT_FALSE(stop.is_made());
  EXPECT_FALSE(is_readable(descriptor));
  std::raise(SIGTERM);
  EXPECT_TRUE(is_readable(descriptor));
  EXPECT_TRUE(stop.is_made());
  EXPECT_EQ(stop.signal(), SIGTERM);
}

TEST(StopRequest, TellsWhoWaitsOnlyAfterTheSignal) {
  StopRequest stop;
  std::raise(SIGINT);
  EXPECT_TRUE(is_readable(stop.descriptor()));
  EXPECT_TRUE(stop.is_made());
}

TEST(StopRequest, ForgetsOneThatWasTakenUp) {
  {
    StopRequest stop;
    std::raise(SIGTERM);
    EXPECT_TRUE(stop.is_made());
  }
  StopRequest next;
  EXPECT_FALSE(next.is_made());
}

TEST(StopRequestDeathTest, LetsOneThatNobodyAskedForTakeEffect) {
  EXPECT_EXIT(
      {
        StopRequest stop;
        std::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(StopRequestDeathTest, EndsWorkThatDoesNotEnd) {
  EXPECT_EXIT(
      {
        StopRequest stop(std::chrono::milliseconds(50));
        std::raise(SIGINT);
        const bool is_told = stop.is_made();
        while (is_told) ::usleep(1000);
      },
      testing::ExitedWithCode(130), "in the middle of its work");
}

}  // namespace
}  // namespace ktstr
