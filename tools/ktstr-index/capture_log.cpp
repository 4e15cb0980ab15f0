// SPDX-License-Identifier: MIT
#include "capture_log.hpp"

#include <sys/eventfd.h>

#include <utility>

namespace ktstr {
namespace {

std::string missed_text(const CaptureRootReport& root) {
  const std::string why = root.error ? ": " + root.error->text() : "";
  if (root.missed == 0) return "not everything below " + root.root + " can be captured" + why;
  const std::string what =
      root.missed == 1 ? "1 version" : std::to_string(root.missed) + " versions";
  if (root.error) return what + " below " + root.root + " could not be captured" + why;
  return what + " below " + root.root + " was gone before it could be captured";
}

}  // namespace

CaptureLog::CaptureLog() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void CaptureLog::add(const CaptureEvent& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  events_.push_back(event);
  if (wake_.is_open()) static_cast<void>(::eventfd_write(wake_.number(), 1));
}

std::vector<CaptureEvent> CaptureLog::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  eventfd_t count = 0;
  if (wake_.is_open()) static_cast<void>(::eventfd_read(wake_.number(), &count));
  return std::exchange(events_, {});
}

std::string event_text(const CaptureEvent& event, bool with_root) {
  std::string text = "captured ";
  if (with_root) text += event.root + "/";
  text += event.run_dir + "/";
  if (!event.job.empty()) text += event.job + "/";
  return text + event.file_name + " (" + std::to_string(event.bytes) + " bytes)";
}

std::vector<std::string> capture_notes(const CaptureReport& report) {
  std::vector<std::string> notes;
  for (const CaptureRootReport& root : report.roots) {
    if (root.missed > 0 || root.error) notes.push_back(missed_text(root));
  }
  if (report.overflowed) {
    notes.emplace_back(
        "more happened at once than the system could tell of: a version that was "
        "soon replaced may have been missed");
  }
  if (report.is_polling) {
    notes.emplace_back(
        "the system doesn't tell of new files there, they are looked for now and "
        "then: a version that was soon replaced may have been missed");
  }
  return notes;
}

}  // namespace ktstr
