// SPDX-License-Identifier: MIT
#include "store/directory_watch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

using Seconds = std::chrono::duration<double>;

double seconds_of_wait(DirectoryWatch& watch, const DirectoryWatch::Others& others) {
  const auto begin = std::chrono::steady_clock::now();
  watch.wait(others, false);
  return Seconds(std::chrono::steady_clock::now() - begin).count();
}

/// A pipe that nobody writes to unless a test does.
class DirectoryWatching : public ::testing::Test {
 protected:
  DirectoryWatching() { EXPECT_EQ(::pipe(pipe_), 0); }
  ~DirectoryWatching() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }

  TemporaryDirectory directory_;
  int pipe_[2] = {-1, -1};
};

TEST_F(DirectoryWatching, EndsSoonAfterSomethingHappened) {
  DirectoryWatch watch;
  EXPECT_TRUE(watch.add({directory_.path()}));
  ASSERT_FALSE(watch.is_polling());
  directory_.write("a.ktstr.json", "{}");
  EXPECT_LT(seconds_of_wait(watch, {pipe_[0]}), 5.0);
}

TEST_F(DirectoryWatching, EndsWhenTheOtherDescriptorCanBeRead) {
  DirectoryWatch watch;
  watch.add({directory_.path()});
  ASSERT_EQ(::write(pipe_[1], "x", 1), 1);
  EXPECT_LT(seconds_of_wait(watch, {pipe_[0]}), 5.0);
}

TEST_F(DirectoryWatching, EndsWhenAReaderGoesAway) {
  DirectoryWatch watch;
  watch.add({directory_.path()});
  ::close(pipe_[0]);
  EXPECT_LT(seconds_of_wait(watch, {-1, pipe_[1]}), 5.0);
  pipe_[0] = -1;
}

TEST_F(DirectoryWatching, TellsNewDirectoriesFromThoseItKnows) {
  DirectoryWatch watch;
  EXPECT_TRUE(watch.add({directory_.path()}));
  EXPECT_FALSE(watch.add({directory_.path()}));
  std::filesystem::create_directory(directory_.path("run"));
  EXPECT_TRUE(watch.add({directory_.path(), directory_.path("run")}));
  EXPECT_FALSE(watch.add({directory_.path(), directory_.path("gone")}));
  EXPECT_FALSE(watch.is_polling());
}

TEST_F(DirectoryWatching, LooksNowAndThenWhereItCanNotWatch) {
  DirectoryWatch watch;
  // Not a directory, so nothing that inotify would take.
  watch.add({directory_.write("file", "")});
  ASSERT_TRUE(watch.is_polling());
  EXPECT_LT(seconds_of_wait(watch, {pipe_[0]}), 5.0);
}

}  // namespace
}  // namespace ktstr::test
