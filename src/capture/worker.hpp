// SPDX-License-Identifier: MIT
#pragma once

#include <sys/inotify.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/safe_open.hpp"
#include "capture/capture.hpp"
#include "capture/keeper.hpp"

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

/// What the capture's thread does. Public functions are thread-safe, but for run(), which one
/// thread calls.
///
/// 1. A directory is watched first, then listed: what comes in between is seen twice, never not.
/// 2. An event about a wanted file keeps it; one about a new directory does 1 for it.
/// 3. A root that is missing (not there yet, removed, renamed) is waited for in the nearest
///    directory above it.
/// 4. Lost events: 1 for everything. Where events can't be had: the same, again and again.
class CaptureWorker {
 public:
  explicit CaptureWorker(CaptureOptions options);

  /// Looks at the roots for the first time. The error that Capture::start() tells.
  [[nodiscard]] Result<void> begin();
  /// Until end() is called.
  void run();
  void end();

  /// `is_last`: with what is left to see, and nothing stays behind.
  [[nodiscard]] CaptureReport take(bool is_last);
  [[nodiscard]] bool has_overflowed() const { return has_overflowed_; }
  [[nodiscard]] bool is_polling() const { return is_limited_ || is_remote_; }

 private:
  enum class Look {
    first,  ///< what is there, is not new
    full,   ///< list all of it
    quick,  ///< list what seems to have changed
  };
  /// A directory as it was last listed, for quick looks.
  struct Listed {
    Stamp stamp;
    std::vector<std::string> directories;
  };

  /// False if there may be more to do at once.
  bool work();
  void handle(const WatchedDirectory& directory, const inotify_event& event);
  void handle_entry(const CapturePlace& place, const inotify_event& event);
  void attach(std::size_t root, Look look);
  void reattach(std::size_t root);
  void look_at(const CapturePlace& place, Look look);
  void look_at_entries(const CapturePlace& place, DirectoryHandle& directory, Look look);
  [[nodiscard]] bool seems_unchanged(const std::string& path, const Stamp& stamp) const;
  void look_at_all(Look look);
  void poll_if_due();
  void find_missing_roots();
  [[nodiscard]] int patience_ms() const;

  const CaptureOptions options_;
  Descriptor ending_;  ///< an eventfd
  std::mutex mutex_;   ///< guards all below but for the atomics
  CaptureKeeper keeper_;
  CaptureWatches watches_;
  std::vector<bool> is_attached_;
  std::map<std::string, Listed> listed_;
  std::int64_t last_full_look_ns_ = 0;
  std::atomic<bool> is_ending_ = false;
  std::atomic<bool> has_overflowed_ = false;
  std::atomic<bool> is_limited_ = false;
  std::atomic<bool> is_remote_ = false;
  std::atomic<bool> is_waiting_ = true;  ///< for a root
};

}  // namespace ktstr
