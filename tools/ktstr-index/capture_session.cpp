// SPDX-License-Identifier: MIT
#include "capture_session.hpp"

#include <algorithm>
#include <csignal>

#include "base/clock.hpp"
#include "capture_keeping.hpp"

namespace ktstr {
namespace {

/// Shells and test runners that take a signal up and then end say so by a status of 128 and more.
bool is_interrupted(const ChildEnd& end) {
  if (end.signal != 0 || end.is_told_to_end) return true;
  constexpr int k_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  return std::any_of(std::begin(k_signals), std::end(k_signals),
                     [&](int number) { return end.status == k_signalled + number; });
}

}  // namespace

SessionCapture::SessionCapture(const Context& context, const SessionRun& run)
    : context_(context), run_(run), is_on_(chosen_archive_of(context).path.has_value()) {
  if (!is_on_) return;
  // In this order: what comes while the refresh is at work isn't missed, and what was there before
  // is archived when the command's first write clears it away.
  if (run_.is_captured && !run_.is_elsewhere) start_capture();
  keep({});
  started_ns_ = system_clock().now_ns();
}

void SessionCapture::start_capture() {
  CaptureOptions options;
  options.roots = {run_.root};
  options.traces = run_.with_traces;
  if (context_.is_verbose()) {
    options.on_kept = [this](const CaptureEvent& event) { log_.add(event); };
  }
  auto started = Capture::start(std::move(options));
  if (started) {
    capture_ = std::move(*started);
    return;
  }
  context_.note("files that are replaced while the command runs are lost: " +
                started.error().text());
}

void SessionCapture::keep(KeepOptions options) {
  options.with_traces = run_.with_traces;
  SessionOptions session = context_.session_options();
  session.root = run_.root;
  keep_results(context_, session, options);
}

std::optional<SessionRecord> SessionCapture::record_of(const std::optional<ChildEnd>& end) const {
  if (!end || run_.is_elsewhere) return std::nullopt;
  SessionRecord record;
  record.session = run_.session;
  record.is_complete = !is_interrupted(*end);
  record.started_ns = started_ns_;
  record.ended_ns = system_clock().now_ns();
  if (end->signal == 0) record.exit_status = end->status;
  return record;
}

void SessionCapture::finish(const std::optional<ChildEnd>& end) {
  if (!is_on_) return;
  KeepOptions options;
  options.session = record_of(end);
  if (!run_.is_elsewhere) options.labels = run_.labels;
  CaptureReport report;
  if (capture_) report = capture_->stop();
  for (const CaptureEvent& event : log_.take()) context_.note(event_text(event, false));
  for (const std::string& note : capture_notes(report)) context_.note(note);
  for (const CaptureRootReport& root : report.roots) {
    for (std::string& spool : spools_of(root)) options.spools.push_back(std::move(spool));
  }
  keep(std::move(options));
}

}  // namespace ktstr
