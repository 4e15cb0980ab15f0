// SPDX-License-Identifier: MIT
#include <sys/inotify.h>

#include <cerrno>
#include <cstring>

#include "unit/capture/capture_fixture.hpp"

namespace ktstr::test {
namespace {

/// A machine that lacks something.
class ConcurrentCaptureWithout : public Capturing {
 protected:
  /// Every link fails so.
  void fail_links(int why) {
    options_.system.link = [why](const char*, int, const char*) {
      errno = why;
      return -1;
    };
  }
  void refuse_inotify() {
    options_.system.inotify_init = [] {
      errno = EMFILE;
      return -1;
    };
  }
};

TEST_F(ConcurrentCaptureWithout, RoomInTheQueueLooksAtEverythingAgain) {
  put("run/old.ktstr.json", "old");
  std::atomic<bool> is_lossy = true;
  options_.system.read_events = [&](int inotify, void* into, std::size_t count) -> ssize_t {
    const ssize_t got = ::read(inotify, into, count);
    if (got <= 0 || !is_lossy.exchange(false)) return got;
    while (::read(inotify, into, count) > 0) {
    }
    inotify_event overflow = {};
    overflow.wd = -1;
    overflow.mask = IN_Q_OVERFLOW;
    std::memcpy(into, &overflow, sizeof overflow);
    return sizeof overflow;
  };
  start();
  EXPECT_FALSE(capture_->has_overflowed());
  put("run/a.ktstr.json", "a");
  put("new/b.ktstr.json", "b");
  wait_for(2);
  put("new/c.ktstr.json", "c");
  const Kept kept = stop();
  EXPECT_EQ(kept, (Kept{{"run/a.ktstr.json", {"a"}},
                        {"new/b.ktstr.json", {"b"}},
                        {"new/c.ktstr.json", {"c"}}}));
  EXPECT_TRUE(report_.overflowed);
  EXPECT_TRUE(capture_->has_overflowed());
}

TEST_F(ConcurrentCaptureWithout, HardLinksCopies) {
  for (const int why : {EPERM, EMLINK, ENOTSUP, EXDEV}) {
    fail_links(why);
    start_with_root();
    put("run/a.ktstr.json", std::to_string(why));
    EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {std::to_string(why)}}}));
    ASSERT_EQ(files_.size(), 1U);
    EXPECT_TRUE(files_.front().entry.is_copy);
  }
}

TEST_F(ConcurrentCaptureWithout, HardLinksMissesWhatIsTooLargeToCopy) {
  fail_links(EXDEV);
  options_.max_copy_bytes = 4;
  start_with_root();
  put("run/a.ktstr.json", "12345");
  EXPECT_EQ(stop(), Kept{});
  EXPECT_EQ(root_report().missed, 1U);
  ASSERT_TRUE(root_report().error);
  EXPECT_NE(root_report().error->text().find("a.ktstr.json"), std::string::npos);
}

TEST_F(ConcurrentCaptureWithout, RoomOnTheDiskCountsWhatItMisses) {
  fail_links(ENOSPC);
  start_with_root();
  put("run/a.ktstr.json", "a");
  put("run/b.ktstr.json", "b");
  EXPECT_EQ(stop(), Kept{});
  EXPECT_EQ(root_report().missed, 2U);
  EXPECT_TRUE(list_spools(root()).spools.empty());
}

TEST_F(ConcurrentCaptureWithout, InotifyPolls) {
  refuse_inotify();
  put("run/old.ktstr.json", "old");
  start();
  EXPECT_TRUE(capture_->is_polling());
  put("run/a.ktstr.json", "first");
  wait_for(1);
  put("run/a.ktstr.json", "second");
  put("new/job/b.ktstr.json", "b");
  wait_for(3);
  std::filesystem::remove_all(path("new"));
  put("run/c.ktstr.json", "at the end");
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"first", "second"}},
                          {"run/c.ktstr.json", {"at the end"}},
                          {"new/job/b.ktstr.json", {"b"}}}));
  EXPECT_TRUE(report_.is_polling);
}

TEST_F(ConcurrentCaptureWithout, InotifyFindsARootThatIsMadeLater) {
  refuse_inotify();
  start();
  put("run/a.ktstr.json", "a");
  wait_for(1);
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}}));
}

TEST_F(ConcurrentCaptureWithout, EnoughWatchesPolls) {
  options_.system.inotify_add_watch = [](int inotify, const char* path, std::uint32_t mask) {
    if (!std::string_view(path).ends_with("/job")) return ::inotify_add_watch(inotify, path, mask);
    errno = ENOSPC;
    return -1;
  };
  std::filesystem::create_directories(path("run/job"));
  start();
  EXPECT_TRUE(capture_->is_polling());
  put("run/job/a.ktstr.json", "a");
  wait_for(1);
  put("run/b.ktstr.json", "b");
  EXPECT_EQ(stop(), (Kept{{"run/job/a.ktstr.json", {"a"}}, {"run/b.ktstr.json", {"b"}}}));
}

TEST_F(ConcurrentCaptureWithout, NewsOfOtherMachinesLooksEachSecond) {
  options_.system.is_remote = [](const std::string&) { return true; };
  // What another machine writes makes no event here.
  options_.system.read_events = [](int inotify, void* into, std::size_t count) -> ssize_t {
    while (::read(inotify, into, count) > 0) {
    }
    errno = EAGAIN;
    return -1;
  };
  start_with_root();
  EXPECT_TRUE(capture_->is_polling());
  put("run/a.ktstr.json", "a");
  wait_for(1);
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}}));
}

TEST_F(ConcurrentCaptureWithout, APlaceForItsSpoolDoesNotStart) {
  directory_.write("root/.ktstr-index", "a file");
  const auto capture = Capture::start(options_);
  ASSERT_FALSE(capture);
  EXPECT_NE(capture.error().text().find(".ktstr-index"), std::string::npos);
}

TEST_F(ConcurrentCaptureWithout, APlaceForOneSpoolCapturesTheOtherRoot) {
  directory_.write("root/.ktstr-index", "a file");
  options_.roots.push_back(directory_.path("root2"));
  std::filesystem::create_directories(directory_.path("root2"));
  start();
  put("run/a.ktstr.json", "a");
  directory_.write("root2/run/b.ktstr.json", "b");
  EXPECT_EQ(stop(), Kept{});
  EXPECT_TRUE(root_report().error);
  EXPECT_EQ(root_report().missed, 1U);
  EXPECT_EQ(read(report_.roots.at(1)), (Kept{{"run/b.ktstr.json", {"b"}}}));
}

TEST_F(ConcurrentCaptureWithout, ASinkThatBehavesGoesOn) {
  start_with_root();
  capture_.reset();
  options_.on_kept = [](const CaptureEvent&) { throw std::runtime_error("sink"); };
  auto capture = Capture::start(options_);
  ASSERT_TRUE(capture);
  capture_ = std::move(*capture);
  put("run/a.ktstr.json", "a");
  put("run/b.ktstr.json", "b");
  EXPECT_EQ(stop().size(), 2U);
}

}  // namespace
}  // namespace ktstr::test
