// SPDX-License-Identifier: MIT
#include "store/capture_watches.hpp"

#include <algorithm>
#include <cerrno>

namespace ktstr {
namespace {

// What brings a wanted file or a directory, and what takes a directory away. A directory that is
// watched for two reasons adds them up.
constexpr std::uint32_t k_above_root = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;
constexpr std::uint32_t k_below_root = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE |
                                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;

bool is_below(const CapturePlace& inner, const CapturePlace& outer) {
  if (inner.root != outer.root) return false;
  if (outer.run_dir.empty()) return true;
  return inner.run_dir == outer.run_dir && (outer.job.empty() || inner.job == outer.job);
}

}  // namespace

CaptureWatches::CaptureWatches(const CaptureSystem& system)
    : system_(system), inotify_(system.inotify_init()), is_limited_(!inotify_.is_open()) {}

bool CaptureWatches::add(const std::string& path, const WatchedDirectory& directory) {
  if (!inotify_.is_open()) return false;
  const std::uint32_t mask = directory.awaited.empty() ? k_below_root : k_above_root;
  const int watch = system_.inotify_add_watch(inotify_.number(), path.c_str(), mask);
  if (watch < 0) {
    // A directory that is gone or closed to us can't be listed either.
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) is_limited_ = true;
    return false;
  }
  std::vector<WatchedDirectory>& known = directories_[watch];
  if (std::find(known.begin(), known.end(), directory) == known.end()) known.push_back(directory);
  return true;
}

void CaptureWatches::remove(const CapturePlace& place) {
  for (auto at = directories_.begin(); at != directories_.end();) {
    std::erase_if(at->second, [&](const WatchedDirectory& directory) {
      return is_below(directory.place, place);
    });
    if (at->second.empty()) {
      ::inotify_rm_watch(inotify_.number(), at->first);
      at = directories_.erase(at);
    } else {
      ++at;
    }
  }
}

void CaptureWatches::dispatch(const inotify_event& event, const OnEvent& on_event) {
  const auto found = directories_.find(event.wd);
  if (found == directories_.end()) return;  // one that was removed
  const std::vector<WatchedDirectory> directories = found->second;
  if ((event.mask & IN_IGNORED) != 0) directories_.erase(found);
  for (const WatchedDirectory& directory : directories) on_event(directory, event);
}

bool CaptureWatches::drain(int max_reads, const OnEvent& on_event, const OnOverflow& on_overflow) {
  alignas(inotify_event) char buffer[64 * 1024];
  for (int reads = 0; inotify_.is_open(); ++reads) {
    if (reads == max_reads) return false;
    const ssize_t count = system_.read_events(inotify_.number(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    for (ssize_t at = 0; at < count;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        on_overflow();
      } else {
        dispatch(*event, on_event);
      }
    }
  }
  return true;
}

}  // namespace ktstr
