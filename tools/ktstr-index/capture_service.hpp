// SPDX-License-Identifier: MIT
#pragma once

// Capturing until told to stop, and archiving in the pauses between what happens.

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "capture_log.hpp"
#include "context.hpp"
#include "stop_request.hpp"

namespace ktstr {

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

}  // namespace ktstr
