// SPDX-License-Identifier: MIT
#pragma once

// What captures have kept, handed from their threads to the one that tells about it.

#include <mutex>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "store/capture.hpp"

namespace ktstr {

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

}  // namespace ktstr
