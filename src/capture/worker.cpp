// SPDX-License-Identifier: MIT
#include "capture/worker.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "environment/places.hpp"
#include "ktstr/index.hpp"

namespace ktstr {
namespace {

// What brings a wanted file or a directory, and what takes a directory away. A directory that is
// watched for two reasons adds them up.
constexpr std::uint32_t k_above_root = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;
constexpr std::uint32_t k_below_root = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE |
                                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;

bool is_below(const CapturePlace& inner, const CapturePlace& outer) {
  if (inner.root != outer.root) return false;
  if (outer.run_dir.empty()) return true;
  return inner.run_dir == outer.run_dir && (outer.job.empty() || inner.job == outer.job);
}

}  // namespace

CaptureWatches::CaptureWatches(const CaptureSystem& system)
    : system_(system), inotify_(system.inotify_init()), is_limited_(!inotify_.is_open()) {}

bool CaptureWatches::add(const std::string& path, const WatchedDirectory& directory) {
  if (!inotify_.is_open()) return false;
  const std::uint32_t mask = directory.awaited.empty() ? k_below_root : k_above_root;
  const int watch = system_.inotify_add_watch(inotify_.number(), path.c_str(), mask);
  if (watch < 0) {
    // A directory that is gone or closed to us can't be listed either.
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) is_limited_ = true;
    return false;
  }
  std::vector<WatchedDirectory>& known = directories_[watch];
  if (std::find(known.begin(), known.end(), directory) == known.end()) known.push_back(directory);
  return true;
}

void CaptureWatches::remove(const CapturePlace& place) {
  for (auto at = directories_.begin(); at != directories_.end();) {
    std::erase_if(at->second, [&](const WatchedDirectory& directory) {
      return is_below(directory.place, place);
    });
    if (at->second.empty()) {
      ::inotify_rm_watch(inotify_.number(), at->first);
      at = directories_.erase(at);
    } else {
      ++at;
    }
  }
}

void CaptureWatches::dispatch(const inotify_event& event, const OnEvent& on_event) {
  const auto found = directories_.find(event.wd);
  if (found == directories_.end()) return;  // one that was removed
  const std::vector<WatchedDirectory> directories = found->second;
  if ((event.mask & IN_IGNORED) != 0) directories_.erase(found);
  for (const WatchedDirectory& directory : directories) on_event(directory, event);
}

bool CaptureWatches::drain(int max_reads, const OnEvent& on_event, const OnOverflow& on_overflow) {
  alignas(inotify_event) char buffer[64 * 1024];
  for (int reads = 0; inotify_.is_open(); ++reads) {
    if (reads == max_reads) return false;
    const ssize_t count = system_.read_events(inotify_.number(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    for (ssize_t at = 0; at < count;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        on_overflow();
      } else {
        dispatch(*event, on_event);
      }
    }
  }
  return true;
}

namespace {

constexpr int k_poll_ms = 25;
constexpr int k_full_look_ms = 1'000;
constexpr std::int64_t k_ns_per_ms = 1'000'000;
// So that take() gets its turn while events come without end.
constexpr int k_reads_at_once = 16;
// Others may go on writing for ever; this is a million events.
constexpr int k_last_rounds = 64;
// More often than this nobody makes and removes a root while we look for it.
constexpr int k_attach_tries = 16;

bool is_directory(const std::string& path) {
  const auto status = system_file_system().status(path, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

bool is_link_to_directory(const DirectoryHandle& directory, const DirectoryEntry& entry) {
  if (entry.kind != FileKind::symlink) return false;
  const auto status = directory.status_of(entry.name, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

/// A run directory of a root, or a job directory of a run directory.
CapturePlace inner_place(const CapturePlace& place, const std::string& name) {
  if (place.run_dir.empty()) return {place.root, name, {}};
  return {place.root, place.run_dir, name};
}

/// A directory, and the name in it that leads to a root.
struct Above {
  std::string directory;
  std::string name;
};

Above just_above(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash == 0 ? 1 : slash), path.substr(slash + 1)};
}

/// The nearest that exists, as it seems.
Above nearest_above(const std::string& path) {
  Above above = just_above(path);
  while (above.directory.size() > 1 && !is_directory(above.directory)) {
    above = just_above(above.directory);
  }
  return above;
}

}  // namespace

CaptureWorker::CaptureWorker(CaptureOptions options)
    : options_(std::move(options)),
      ending_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      keeper_(options_),
      watches_(options_.system),
      is_attached_(options_.roots.size(), false),
      is_limited_(watches_.is_limited()) {}

Result<void> CaptureWorker::begin() {
  if (!ending_.is_open()) return fail(os_error(errno));
  const std::lock_guard lock(mutex_);
  bool has_some = options_.roots.empty();
  for (std::size_t root = 0; root < options_.roots.size(); ++root) {
    attach(root, options_.keep_existing ? Look::full : Look::first);
    has_some = has_some || !is_attached_[root] || keeper_.open_spool(root);
  }
  last_full_look_ns_ = options_.clock->steady_ns();
  if (has_some) return {};
  return fail(keeper_.take().front().error.value_or(os_error(EIO)));
}

void CaptureWorker::attach(std::size_t root, Look look) {
  const std::string& path = options_.roots[root];
  const CapturePlace place = {root, {}, {}};
  for (int attempt = 0; attempt < k_attach_tries; ++attempt) {
    if (is_directory(path)) {
      is_attached_[root] = true;
      if (options_.system.is_remote(path)) is_remote_ = true;
      keeper_.open_spool(root);
      // The root itself doesn't say that it was removed while somebody has something in it open.
      const Above above = just_above(path);
      watches_.add(above.directory, {place, above.name});
      return look_at(place, look);
    }
    const Above above = nearest_above(path);
    // What was above may be gone by now, and what was missing may be there.
    if (!watches_.add(above.directory, {place, above.name})) continue;
    if (!is_directory(join_path(above.directory, above.name))) return;
  }
  is_limited_ = true;
}

void CaptureWorker::reattach(std::size_t root) {
  is_attached_[root] = false;
  watches_.remove({root, {}, {}});
  keeper_.close_removed_spool(root);
  attach(root, Look::full);
}

void CaptureWorker::look_at(const CapturePlace& place, Look look) {
  const std::string path = keeper_.path_of(place);
  watches_.add(path, {place, {}});
  if (watches_.is_limited()) is_limited_ = true;
  const auto directory = system_file_system().open_directory(path);
  if (!directory) {
    listed_.erase(path);
    return;
  }
  const auto status = (*directory)->status();
  if (!status) return;
  if (look == Look::quick && seems_unchanged(path, status->stamp)) {
    const std::vector<std::string> directories = listed_[path].directories;
    for (const std::string& name : directories) look_at(inner_place(place, name), look);
    return;
  }
  listed_[path] = {status->stamp, {}};
  look_at_entries(place, **directory, look);
}

bool CaptureWorker::seems_unchanged(const std::string& path, const Stamp& stamp) const {
  const auto known = listed_.find(path);
  return known != listed_.end() && known->second.stamp == stamp &&
         is_settled(stamp, options_.clock->now_ns());
}

void CaptureWorker::look_at_entries(const CapturePlace& place, DirectoryHandle& directory,
                                    Look look) {
  const auto entries = directory.list();
  if (!entries) return;
  const bool is_root = place.run_dir.empty();
  std::vector<std::string> inner;
  std::vector<std::string> linked;
  for (const DirectoryEntry& entry : *entries) {
    const bool may_be_inner = is_root ? is_run_directory_name(entry.name) : place.job.empty();
    if (entry.kind == FileKind::directory) {
      if (may_be_inner) inner.push_back(entry.name);
    } else if (may_be_inner && is_link_to_directory(directory, entry)) {
      linked.push_back(entry.name);
    } else if (!is_root && keeper_.is_wanted(entry.name)) {
      keeper_.see(place, entry.name, look == Look::first ? NoticedBy::existing : NoticedBy::listed);
    }
  }
  // Links last: a file that can be seen by two ways is kept under the directory's own name.
  inner.insert(inner.end(), linked.begin(), linked.end());
  for (const std::string& name : inner) look_at(inner_place(place, name), look);
  listed_[keeper_.path_of(place)].directories = std::move(inner);
}

void CaptureWorker::look_at_all(Look look) {
  for (std::size_t root = 0; root < options_.roots.size(); ++root) {
    if (is_attached_[root] && is_directory(options_.roots[root])) {
      look_at({root, {}, {}}, look);
    } else {
      reattach(root);
    }
  }
}

void CaptureWorker::handle(const WatchedDirectory& directory, const inotify_event& event) {
  const CapturePlace& place = directory.place;
  const std::string name = event.len > 0 ? event.name : "";
  const bool is_gone = (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
  if (!directory.awaited.empty()) {
    const bool is_removed = (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    const bool is_news = is_removed || !is_attached_[place.root];
    const bool is_about_root = name == directory.awaited;
    if ((is_about_root && is_news) || (is_gone && !is_attached_[place.root])) reattach(place.root);
  } else if (is_gone) {
    if (place.run_dir.empty()) reattach(place.root);
  } else if (!name.empty()) {
    handle_entry(place, event);
  }
}

void CaptureWorker::handle_entry(const CapturePlace& place, const inotify_event& event) {
  const std::string name = event.name;
  const bool is_root = place.run_dir.empty();
  const bool is_new = (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0;
  const CapturePlace inner =
      is_root ? CapturePlace{place.root, name, {}} : CapturePlace{place.root, place.run_dir, name};
  if (is_root || (event.mask & IN_ISDIR) != 0) {
    if (!place.job.empty() || (is_root && !is_run_directory_name(name))) return;
    if ((event.mask & IN_MOVED_FROM) != 0) watches_.remove(inner);
    // A link in the root may lead to a run directory.
    if (is_new && is_directory(keeper_.path_of(inner))) look_at(inner, Look::full);
    return;
  }
  if (!keeper_.is_wanted(name)) return;
  if ((event.mask & IN_CLOSE_WRITE) != 0) return keeper_.see(place, name, NoticedBy::written);
  if ((event.mask & IN_MOVED_TO) != 0) return keeper_.see(place, name, NoticedBy::renamed);
  if ((event.mask & IN_CREATE) != 0) keeper_.see(place, name, NoticedBy::created);
}

bool CaptureWorker::work() {
  bool is_done = false;
  try {
    is_done = watches_.drain(
        k_reads_at_once,
        [this](const WatchedDirectory& directory, const inotify_event& event) {
          handle(directory, event);
        },
        [this] {
          has_overflowed_ = true;
          look_at_all(Look::full);
        });
    poll_if_due();
    find_missing_roots();
  } catch (...) {  // no memory: events are lost, and a refresh has to help
    has_overflowed_ = true;
  }
  return is_done;
}

void CaptureWorker::poll_if_due() {
  if (!is_polling()) return;
  const std::int64_t now_ns = options_.clock->steady_ns();
  const bool is_full_due = now_ns - last_full_look_ns_ >= k_full_look_ms * k_ns_per_ms;
  if (is_full_due) last_full_look_ns_ = now_ns;
  if (is_full_due || is_limited_) look_at_all(is_full_due ? Look::full : Look::quick);
}

void CaptureWorker::find_missing_roots() {
  is_waiting_ = false;
  for (std::size_t root = 0; root < options_.roots.size(); ++root) {
    // Its directory above may have been removed without a word, too.
    if (!is_attached_[root] && is_directory(options_.roots[root])) reattach(root);
    if (!is_attached_[root]) is_waiting_ = true;
  }
}

int CaptureWorker::patience_ms() const {
  if (is_limited_) return k_poll_ms;
  return is_remote_ || is_waiting_ ? k_full_look_ms : -1;
}

void CaptureWorker::run() {
  pollfd descriptors[] = {{ending_.number(), POLLIN, 0}, {watches_.descriptor(), POLLIN, 0}};
  bool is_done = true;
  while (!is_ending_) {
    ::poll(descriptors, std::size(descriptors), is_done ? patience_ms() : 0);
    const std::lock_guard lock(mutex_);
    is_done = work();
  }
}

void CaptureWorker::end() {
  is_ending_ = true;
  ::eventfd_write(ending_.number(), 1);
}

CaptureReport CaptureWorker::take(bool is_last) {
  const std::lock_guard lock(mutex_);
  if (is_last) {
    for (int round = 0; round < k_last_rounds && !work(); ++round) {
    }
    if (is_polling()) look_at_all(Look::full);
  }
  CaptureReport report;
  report.roots = keeper_.take();
  if (is_last) keeper_.remove_spools();
  report.overflowed = has_overflowed_;
  report.is_polling = is_polling();
  return report;
}

}  // namespace ktstr
