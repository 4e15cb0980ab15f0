// SPDX-License-Identifier: MIT
#include "capturing.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "archive/archive.hpp"
#include "base/time_text.hpp"
#include "database/connection.hpp"
#include "ktstr/run.hpp"

namespace ktstr {

ArchiveChoice chosen_archive_of(const Context& context) {
  const OpenIndexOptions options = context.index_options();
  return archive_choice(options.archive, options.variables);
}

void keep_results(const Context& context, const OpenIndexOptions& options, const KeepOptions& keep,
                  const std::function<bool()>& should_stop) {
  if (!options.file_system->status(*options.root, FollowLinks::yes)) return;
  auto index = OpenIndex::open(options);
  if (!index) return;
  RefreshOptions refresh;
  refresh.level = context.check_or(CheckLevel::files);
  refresh.limits = context.limits();
  refresh.should_stop = should_stop;
  const auto done = index->refresh_and_keep(refresh, keep);
  for (const Warning& warning : index->take_warnings()) context.tell(warning);
  if (!done && done.error().code != ErrorCode::interrupted) {
    context.note("what is below " + *options.root +
                 " could not be archived: " + done.error().text() + "; a refresh tries again");
  }
}

std::vector<std::string> spools_of(const CaptureRootReport& report) {
  if (!report.spool) return {};
  return {report.spool->path()};
}

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

namespace {

void add_new(std::vector<std::string>& roots, std::string root) {
  if (std::find(roots.begin(), roots.end(), root) == roots.end()) roots.push_back(std::move(root));
}

bool is_directory(const std::string& path) {
  const auto status = system_file_system().status(path, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

}  // namespace

std::vector<std::string> known_roots(const std::string& archive) {
  auto known = guarded(archive, [&]() -> Result<std::vector<std::string>> {
    const auto database = open_archive_to_read(archive);
    if (!database) return fail(database.error());
    SQLite::Statement select(
        **database, "SELECT path FROM runs_root WHERE origin = '' AND path <> '' ORDER BY path");
    std::vector<std::string> roots;
    while (select.executeStep()) roots.push_back(select.getColumn(0).getString());
    return roots;
  });
  std::vector<std::string> roots = known.value_or(std::vector<std::string>());
  std::erase_if(roots, [](const std::string& root) { return !is_directory(root); });
  return roots;
}

Result<std::vector<std::string>> roots_to_capture(const OpenIndexOptions& options,
                                                  const std::vector<std::string>& named,
                                                  const std::string& archive) {
  std::vector<std::string> roots;
  for (const std::string& root : named) add_new(roots, canonical_path(root));
  if (options.root) add_new(roots, canonical_path(*options.root));
  if (roots.empty()) {
    if (const auto found = find_paths(options)) add_new(roots, found->root.path);
    for (std::string& root : known_roots(archive)) add_new(roots, std::move(root));
  }
  if (roots.empty()) roots.push_back(canonical_path(runs_root(options.variables).path));
  for (const std::string& root : roots) {
    auto checked = check_root(root, options);
    if (!checked && checked.error().code != ErrorCode::not_found) {
      return fail(std::move(checked.error()));
    }
  }
  return roots;
}

OpenIndexOptions options_for_root(OpenIndexOptions options, const std::string& root,
                                  bool is_only_one) {
  if (!is_only_one) {
    const auto found = find_paths(options);
    if (!found || found->root.path != root) options.catalog = default_catalog_path(root);
  }
  options.root = root;
  return options;
}

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
  const OpenIndexOptions options = options_for_root(
      context_.index_options(), root, !options_.follows_archive && options_.roots.size() == 1);
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
  OpenIndexOptions session = context_.index_options();
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
