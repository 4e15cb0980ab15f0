// SPDX-License-Identifier: MIT
#pragma once

// Keeping the results of a command that runs as a session, while it runs and afterwards.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "capture_log.hpp"
#include "child_process.hpp"
#include "session_run.hpp"

namespace ktstr {

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
