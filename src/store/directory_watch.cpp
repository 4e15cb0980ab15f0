// SPDX-License-Identifier: MIT
#include "store/directory_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace ktstr {
namespace {

// What creates, changes or removes a sidecar, a dump, or a directory.
constexpr std::uint32_t k_events = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                   IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int k_poll_ms = 1'000;
// Even where everything is watched: another machine may write to the same file system.
constexpr int k_patience_ms = 10'000;
// A test run writes many files at once; one look for all of them.
constexpr int k_settle_ms = 50;

}  // namespace

DirectoryWatch::DirectoryWatch()
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), is_polling_(inotify_ < 0) {}

DirectoryWatch::~DirectoryWatch() {
  if (inotify_ >= 0) ::close(inotify_);
}

bool DirectoryWatch::add(const std::vector<std::string>& directories) {
  bool added = false;
  std::set<std::string> watched;
  for (const std::string& directory : directories) {
    // Again for those that are watched: a path may be another directory by now.
    const bool ok =
        inotify_ >= 0 && ::inotify_add_watch(inotify_, directory.c_str(), k_events) >= 0;
    if (!ok && ::access(directory.c_str(), F_OK) == 0) is_polling_ = true;
    if (ok && !watched_.contains(directory)) added = true;
    if (ok) watched.insert(directory);
  }
  watched_ = std::move(watched);
  return added;
}

void DirectoryWatch::drain() const {
  alignas(inotify_event) char events[16'384];
  while (inotify_ >= 0 && ::read(inotify_, events, sizeof events) > 0) {
  }
}

void DirectoryWatch::wait(const Others& others, bool is_urgent) {
  pollfd descriptors[] = {
      {others.readable, POLLIN, 0}, {others.closing, 0, 0}, {inotify_, POLLIN, 0}};
  const int ready = ::poll(descriptors, 3, is_polling_ || is_urgent ? k_poll_ms : k_patience_ms);
  if (ready > 0 && descriptors[2].revents != 0) ::poll(descriptors, 2, k_settle_ms);
  drain();
}

}  // namespace ktstr
