// SPDX-License-Identifier: MIT
#pragma once

#include <sys/inotify.h>

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/descriptor.hpp"
#include "store/capture_keeper.hpp"
#include "store/capture_system.hpp"

namespace ktstr {

/// A directory that is watched, and what for.
struct WatchedDirectory {
  CapturePlace place;
  /// Not empty for a directory above a root: the name in it that leads there.
  std::string awaited;

  friend bool operator==(const WatchedDirectory&, const WatchedDirectory&) = default;
};

/// An inotify instance and which of its watches is which directory. Not thread-safe.
class CaptureWatches {
 public:
  explicit CaptureWatches(const CaptureSystem& system);

  [[nodiscard]] int descriptor() const { return inotify_.number(); }
  /// Something can't be watched: no inotify, or no more watches.
  [[nodiscard]] bool is_limited() const { return is_limited_; }

  /// True if it is watched now, or was already. A directory that is reached under several names
  /// (a link, two roots) has one watch and several meanings.
  bool add(const std::string& path, const WatchedDirectory& directory);
  /// Forgets the place and what lies below it, and for a root the directories above it as well.
  void remove(const CapturePlace& place);

  /// Calls back for each directory that an event is about, and for an overflow. The callback may
  /// add and remove. At most so many reads; false if there may be more.
  using OnEvent = std::function<void(const WatchedDirectory&, const inotify_event&)>;
  using OnOverflow = std::function<void()>;
  [[nodiscard]] bool drain(int max_reads, const OnEvent& on_event, const OnOverflow& on_overflow);

 private:
  void dispatch(const inotify_event& event, const OnEvent& on_event);

  const CaptureSystem& system_;
  Descriptor inotify_;
  bool is_limited_;
  std::unordered_map<int, std::vector<WatchedDirectory>> directories_;
};

}  // namespace ktstr
