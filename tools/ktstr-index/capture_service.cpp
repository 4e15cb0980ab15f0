// SPDX-License-Identifier: MIT
#include "capture_service.hpp"

#include <poll.h>

#include <algorithm>

#include "capture_keeping.hpp"
#include "capture_roots.hpp"

namespace ktstr {
namespace {

using std::chrono::steady_clock;

// Tests that end one after the other are archived together, but not much later.
constexpr std::chrono::seconds k_pause(2);
constexpr std::chrono::seconds k_longest_delay(30);
constexpr std::chrono::seconds k_between_looks(20);

}  // namespace

CaptureService::CaptureService(const Context& context, CaptureServiceOptions options)
    : context_(context),
      options_(std::move(options)),
      next_look_(steady_clock::now() + k_between_looks) {}

Result<void> CaptureService::start() { return capture(options_.roots); }

Result<void> CaptureService::capture(std::vector<std::string> roots) {
  CaptureOptions options;
  options.roots = std::move(roots);
  options.traces = options_.keep.with_traces;
  options.on_kept = [this](const CaptureEvent& event) { log_.add(event); };
  auto started = Capture::start(std::move(options));
  if (!started) return fail(started.error());
  captures_.push_back(std::move(*started));
  return {};
}

void CaptureService::serve(StopRequest& stop) {
  for (const std::string& root : options_.roots) {
    if (!stop.is_made()) keep_root(root, {}, &stop);
  }
  while (!stop.is_made()) {
    wait(stop);
    note_events();
    if (const auto at = due(); at && *at <= steady_clock::now()) keep_captured();
    if (options_.follows_archive && next_look_ <= steady_clock::now()) look_for_roots(stop);
  }
  // All of them are stopped before anything is archived, which takes time.
  std::vector<CaptureReport> reports;
  for (const auto& capture : captures_) reports.push_back(capture->stop());
  note_events();
  for (const CaptureReport& report : reports) keep(report);
}

void CaptureService::wait(StopRequest& stop) const {
  Time until = due().value_or(Time::max());
  if (options_.follows_archive) until = std::min(until, next_look_);
  pollfd waited_for[] = {{stop.descriptor(), POLLIN, 0}, {log_.descriptor(), POLLIN, 0}};
  // Where there is nothing to wait for, or nothing that would tell, now and then is enough.
  const bool is_told = waited_for[0].fd >= 0 && waited_for[1].fd >= 0;
  const std::chrono::milliseconds longest(is_told ? 60'000 : 500);
  auto patience = longest;
  if (until != Time::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    patience = std::clamp(left, std::chrono::milliseconds(0), longest);
  }
  static_cast<void>(::poll(waited_for, 2, static_cast<int>(patience.count())));
}

void CaptureService::note_events() {
  const std::vector<CaptureEvent> events = log_.take();
  if (events.empty()) return;
  last_event_ = steady_clock::now();
  if (!first_event_) first_event_ = last_event_;
  if (!context_.is_verbose()) return;
  const bool with_root = options_.roots.size() > 1;
  for (const CaptureEvent& event : events) context_.note(event_text(event, with_root));
}

std::optional<CaptureService::Time> CaptureService::due() const {
  if (!first_event_) return std::nullopt;
  return std::min<Time>(last_event_ + k_pause, *first_event_ + k_longest_delay);
}

void CaptureService::keep_captured() {
  first_event_.reset();
  for (const auto& capture : captures_) keep(capture->take());
}

void CaptureService::keep(const CaptureReport& report) {
  for (const std::string& note : capture_notes(report)) say_once(note);
  for (const CaptureRootReport& root : report.roots) {
    const bool has_changed = root.kept > 0 || root.duplicates > 0 || root.missed > 0;
    if (has_changed || report.overflowed) keep_root(root.root, spools_of(root));
  }
}

void CaptureService::keep_root(const std::string& root, std::vector<std::string> spools,
                               StopRequest* stop) {
  KeepOptions keep = options_.keep;
  keep.spools = std::move(spools);
  std::function<bool()> should_stop;
  if (stop != nullptr) should_stop = [stop] { return stop->is_made(); };
  const SessionOptions options = options_for_root(
      context_.session_options(), root, !options_.follows_archive && options_.roots.size() == 1);
  keep_results(context_, options, keep, should_stop);
}

/// A project whose tests ran for the first time since, or whose target directory is back.
void CaptureService::look_for_roots(StopRequest& stop) {
  std::vector<std::string> found = known_roots(options_.archive);
  std::erase_if(found, [this](const std::string& root) {
    return std::find(options_.roots.begin(), options_.roots.end(), root) != options_.roots.end();
  });
  if (!found.empty()) {
    options_.roots.insert(options_.roots.end(), found.begin(), found.end());
    for (const std::string& root : found) context_.note("capturing below " + root + ", too");
    if (const auto started = capture(found); !started) context_.note(started.error().text());
    for (const std::string& root : found) keep_root(root, {}, &stop);
  }
  next_look_ = steady_clock::now() + k_between_looks;
}

/// What holds for a long time would be repeated every few seconds.
void CaptureService::say_once(const std::string& note) {
  if (said_.insert(note).second) context_.note(note);
}

}  // namespace ktstr
