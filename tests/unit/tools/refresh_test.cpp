// SPDX-License-Identifier: MIT
#include "commands/refresh.hpp"

#include <gtest/gtest.h>

namespace ktstr {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;

TEST(ProgressText, SaysOnlyHowFarItIsInTheFirstSecond) {
  EXPECT_EQ(progress_text({0, 0, 0}, 0), "[--------------------] 0 %  0 files");
  EXPECT_EQ(progress_text({500, 6, 10}, k_second_ns / 2), "[##########----------] 50 %  500 files");
}

TEST(ProgressText, GuessesTheTimeLeftByTheDirectoriesDone) {
  EXPECT_EQ(progress_text({8000, 3, 8}, 2 * k_second_ns),
            "[#####---------------] 25 %  8000 files, 4000/s, 6 s left");
}

TEST(ProgressText, GuessesNothingBeforeTheFirstDirectoryIsDone) {
  EXPECT_EQ(progress_text({100, 1, 8}, 2 * k_second_ns),
            "[--------------------] 0 %  100 files, 50/s");
}

}  // namespace
}  // namespace ktstr
