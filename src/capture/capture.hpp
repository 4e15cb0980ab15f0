// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time_text.hpp"
#include "capture/spool.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// The system calls whose failures a capture has to live with; tests replace them. Each is as the
/// call of that name: -1 and errno on failure.
struct CaptureSystem {
  std::function<int()> inotify_init;
  std::function<int(int inotify, const char* path, std::uint32_t mask)> inotify_add_watch;
  std::function<ssize_t(int inotify, void* into, std::size_t count)> read_events;
  LinkCall link;
  /// Other machines may write there, of which inotify says nothing.
  std::function<bool(const std::string& path)> is_remote;
};

[[nodiscard]] CaptureSystem real_capture_system();

/// Makes the calling thread one that gives way to what is being measured, but is not starved.
void give_way();

// Keeps sidecars and failure dumps while other programs write, replace and remove them: each
// version that appears below a runs root is hard-linked into a spool (capture/spool.hpp), to be
// read when there is time. Not caught are versions that are replaced before the thread gets to them
// (within a few milliseconds mostly); those whose file is later truncated and written anew in
// place, if it came by a rename or was too large to be copied; and those in a root that is itself
// removed, spool and all. A link changes the ctime of the file, and so does the spool's removal: a
// refresh that looks at files should come after it.

/// A file was kept.
struct CaptureEvent {
  std::string root;
  std::string run_dir;
  std::string job;  ///< empty for a file directly in the run directory
  std::string file_name;
  std::int64_t bytes = 0;
  bool is_copy = false;  ///< else a hard link
};

struct CaptureOptions {
  std::vector<std::string> roots;  ///< one that doesn't exist yet is waited for
  bool traces = false;             ///< keep wprof traces, too
  /// Keep what is there at the start, too; else a refresh has to read it, once the capture runs.
  bool keep_existing = false;
  std::uint64_t max_copy_bytes = 256ULL << 20;  ///< larger files that can't be linked are missed
  /// A link would follow what is written in place. Files that are written so are copied, if they
  /// aren't larger than this, since a large copy would disturb what is being measured.
  std::uint64_t max_copy_in_place_bytes = 1ULL << 20;
  /// Called by the capture's thread for each file, and by take() and stop(); must not call the
  /// capture and should be quick.
  std::function<void(const CaptureEvent&)> on_kept = {};
  Clock* clock = &system_clock();
  CaptureSystem system = real_capture_system();
};

/// What happened below one root since the start or the last take().
struct CaptureRootReport {
  std::string root;
  /// Holds what was kept; null if nothing was. Its lock ends with it: read the spool at its path,
  /// then remove it, then let this die. One that is not removed is found by list_spools() later.
  std::unique_ptr<Spool> spool;
  std::uint64_t kept = 0;
  std::uint64_t duplicates = 0;  ///< events for a version that was kept already
  std::uint64_t missed = 0;      ///< gone before it could be kept, or not to be kept: disk full
  std::optional<Error> error;    ///< the last one that made a file missed, or why there's no spool
};
struct CaptureReport {
  std::vector<CaptureRootReport> roots;  ///< as in the options
  bool overflowed = false;               ///< events were lost: refresh
  bool is_polling = false;               ///< a short-lived version may have been missed
};

class CaptureWorker;

/// One thread that captures until told to stop. To be owned by one thread.
class Capture {
 public:
  /// When it returns, what appears from now on is seen. Errors: the first root's if there is none
  /// for which a spool can be made (a read-only one); no more threads. What is wrong with some
  /// roots only is in their report.
  [[nodiscard]] static Result<std::unique_ptr<Capture>> start(CaptureOptions options);
  /// As stop(), the report is lost. The spools are left for a later refresh.
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// What was kept so far, while the capture goes on with new spools.
  [[nodiscard]] CaptureReport take();
  /// Keeps what has happened until now, then ends the thread. The second time it is empty.
  [[nodiscard]] CaptureReport stop();

  /// Events were lost; from the start until stop(), not only since the last take().
  [[nodiscard]] bool has_overflowed() const;
  /// Directories are listed again and again: no inotify, too many directories for it, or a file
  /// system to which other machines write.
  [[nodiscard]] bool is_polling() const;

 private:
  explicit Capture(std::unique_ptr<CaptureWorker> worker);
  struct Running;

  std::unique_ptr<Running> running_;
};

}  // namespace ktstr
