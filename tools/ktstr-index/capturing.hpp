// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/safe_open.hpp"
#include "capture/capture.hpp"
#include "context.hpp"
#include "environment/places.hpp"
#include "session_run.hpp"
#include "statement_bounds.hpp"

// Taking what was captured into the archive, for the commands that capture.

namespace ktstr {

/// Where the command's options and the environment put the archive.
[[nodiscard]] ArchiveChoice chosen_archive_of(const Context& context);

/// Refreshes the catalog of the root in `options` and archives what it reads, spools first. What
/// goes wrong is only said. Nothing happens where there is no root yet, nor where the catalog can't
/// be opened: whoever asks it next hears why.
void keep_results(const Context& context, const OpenIndexOptions& options, const KeepOptions& keep,
                  const std::function<bool()>& should_stop = {});

/// The spool's path, if there is one. Its report has to live until it was read.
[[nodiscard]] std::vector<std::string> spools_of(const CaptureRootReport& report);

// What captures have kept, handed from their threads to the one that tells about it.

/// Thread-safe.
class CaptureLog {
 public:
  CaptureLog();

  void add(const CaptureEvent& event);
  /// Those since the last call.
  [[nodiscard]] std::vector<CaptureEvent> take();
  /// Can be read from while there are some; -1 if the system has none left.
  [[nodiscard]] int descriptor() const { return wake_.number(); }

 private:
  std::mutex mutex_;
  std::vector<CaptureEvent> events_;
  Descriptor wake_;
};

/// "captured RUN-DIR/JOB/FILE (N bytes)", below the root's path where there are several.
[[nodiscard]] std::string event_text(const CaptureEvent& event, bool with_root);

/// What the user should know of a capture, one sentence each: files that were missed, and why more
/// may have been.
[[nodiscard]] std::vector<std::string> capture_notes(const CaptureReport& report);

// Which runs roots a capture is about.

/// This machine's roots that the archive has results of and that are there now, in byte order.
/// None if there is no archive yet, or none that can be read.
[[nodiscard]] std::vector<std::string> known_roots(const std::string& archive);

/// Canonical, without repetition: `named` and --root if there are any; else the one that other
/// commands would find, and the known ones; else where the harness would make one. They needn't be
/// there. Error: one is something else than a directory.
[[nodiscard]] Result<std::vector<std::string>> roots_to_capture(
    const OpenIndexOptions& options, const std::vector<std::string>& named,
    const std::string& archive);

/// How to open one of them. A catalog that was named is that of the root that other commands would
/// find.
[[nodiscard]] OpenIndexOptions options_for_root(OpenIndexOptions options, const std::string& root,
                                                bool is_only_one);

// Capturing until told to stop, and archiving in the pauses between what happens.

struct CaptureServiceOptions {
  std::vector<std::string> roots;  ///< canonical
  bool follows_archive = false;    ///< roots that the archive gets to know are captured, too
  std::string archive;
  KeepOptions keep;
};

/// Not thread-safe. The stop request comes first, since threads are started here.
class CaptureService {
 public:
  CaptureService(const Context& context, CaptureServiceOptions options);

  /// Errors: as Capture::start.
  [[nodiscard]] Result<void> start();
  /// What is there is archived first. When this returns, all that was captured is in the archive,
  /// or in a spool for the next refresh where that failed.
  void serve(StopRequest& stop);

 private:
  using Time = std::chrono::steady_clock::time_point;

  [[nodiscard]] Result<void> capture(std::vector<std::string> roots);
  void wait(StopRequest& stop) const;
  void note_events();
  [[nodiscard]] std::optional<Time> due() const;
  void keep(const CaptureReport& report);
  void keep_captured();
  void keep_root(const std::string& root, std::vector<std::string> spools,
                 StopRequest* stop = nullptr);
  void look_for_roots(StopRequest& stop);
  void say_once(const std::string& note);

  const Context& context_;
  CaptureServiceOptions options_;
  CaptureLog log_;
  std::vector<std::unique_ptr<Capture>> captures_;
  std::set<std::string> said_;
  std::optional<Time> first_event_;  ///< of those that weren't archived yet
  Time last_event_;
  Time next_look_;
};

// Keeping the results of a command that runs as a session, while it runs and afterwards.

/// Nothing is kept, and nothing captured, where the archive is off. What goes wrong is only said:
/// the tests matter more. Not thread-safe.
class SessionCapture {
 public:
  /// When this returns, what was there is archived, and what comes is captured. Context and run
  /// must outlive it.
  SessionCapture(const Context& context, const SessionRun& run);

  /// After the command's end, or where it could not be started (none).
  void finish(const std::optional<ChildEnd>& end);

 private:
  void start_capture();
  void keep(KeepOptions options);
  [[nodiscard]] std::optional<SessionRecord> record_of(const std::optional<ChildEnd>& end) const;

  const Context& context_;
  const SessionRun& run_;
  CaptureLog log_;
  std::unique_ptr<Capture> capture_;
  bool is_on_ = false;
  std::int64_t started_ns_ = 0;
};

}  // namespace ktstr
