// SPDX-License-Identifier: MIT
#include "capture/keeper.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "environment/places.hpp"
#include "ktstr/index.hpp"
#include "store/pre_clear.hpp"

namespace ktstr {
namespace {

/// No link, but a copy may do: another file system, one without links or with too many, or a
/// system that lets nobody link what he can't write.
bool can_only_be_copied(int why) {
  return why == EPERM || why == EMLINK || why == ENOTSUP || why == EXDEV || why == EACCES ||
         why == ENOSYS;
}

/// A name that comes by a link has its bytes; one that comes by open(2) gets them yet, and then
/// another event says so.
bool is_born_whole(const std::string& path) {
  struct stat raw = {};
  return ::lstat(path.c_str(), &raw) == 0 && (S_ISLNK(raw.st_mode) || raw.st_nlink > 1);
}

Stamp inode_of(const Stamp& stamp) {
  Stamp inode;
  inode.device = stamp.device;
  inode.inode = stamp.inode;
  return inode;
}

}  // namespace

std::size_t CaptureKeeper::HashVersion::operator()(const Version& version) const {
  constexpr std::uint64_t k_odd = 0x9e3779b97f4a7c15;
  std::uint64_t hash = version.device;
  for (const std::uint64_t part : {version.inode, static_cast<std::uint64_t>(version.mtime_ns),
                                   static_cast<std::uint64_t>(version.size_bytes)}) {
    hash = (hash ^ part) * k_odd;
    hash ^= hash >> 32U;
  }
  return static_cast<std::size_t>(hash);
}

CaptureKeeper::CaptureKeeper(const CaptureOptions& options) : options_(options) {
  for (const std::string& root : options.roots) {
    roots_.emplace_back();
    roots_.back().root = root;
  }
}

bool CaptureKeeper::is_wanted(std::string_view file_name) const {
  return is_sidecar_filename(file_name) || file_name.ends_with(".failure-dump.json") ||
         (options_.traces && file_name.ends_with(".wprof.pb"));
}

std::string CaptureKeeper::path_of(const CapturePlace& place) const {
  std::string path = options_.roots[place.root];
  if (!place.run_dir.empty()) path = join_path(path, place.run_dir);
  if (!place.job.empty()) path = join_path(path, place.job);
  return path;
}

void CaptureKeeper::close_removed_spool(std::size_t root) {
  CaptureRootReport& report = roots_[root];
  if (!report.spool || !report.spool->is_removed()) return;
  const std::uint64_t lost = report.spool->recorded();
  report.kept -= lost;
  report.missed += lost;
  if (lost > 0) report.error = os_error(ENOENT, report.spool->path());
  report.spool.reset();
}

bool CaptureKeeper::open_spool(std::size_t root) {
  close_removed_spool(root);
  CaptureRootReport& report = roots_[root];
  if (report.spool) return true;
  auto spool = Spool::create(report.root, *options_.clock, options_.system.link);
  if (spool) {
    report.spool = std::make_unique<Spool>(std::move(*spool));
  } else {
    report.error = std::move(spool.error());
  }
  return report.spool != nullptr;
}

void CaptureKeeper::miss(std::size_t root, Error error) {
  ++roots_[root].missed;
  roots_[root].error = std::move(error);
}

void CaptureKeeper::see(const CapturePlace& place, const std::string& file_name,
                        NoticedBy noticed) {
  const std::string path = join_path(path_of(place), file_name);
  if (noticed == NoticedBy::created && !is_born_whole(path)) return;
  const auto status = system_file_system().status(path, FollowLinks::yes);
  if (!status) {
    if (noticed != NoticedBy::existing) miss(place.root, status.error());
    return;
  }
  if (status->kind != FileKind::regular) return;
  const Version version(status->stamp);
  if (noticed == NoticedBy::existing) {
    existing_.insert(version);
    return;
  }
  see_new(place, file_name, status->stamp, noticed);
}

void CaptureKeeper::see_new(const CapturePlace& place, const std::string& file_name,
                            const Stamp& stamp, NoticedBy noticed) {
  const Version version(stamp);
  const bool is_event = noticed != NoticedBy::listed;
  const bool is_linked = linked_.contains(Version(inode_of(stamp)));
  // Listed and linked while it was being written in place: whoever does that once does it again,
  // and the link would follow. A copy beside it then.
  const bool is_link_in_danger = is_linked && noticed == NoticedBy::written;
  if (kept_.contains(version) && !is_link_in_danger) {
    if (is_event) ++roots_[place.root].duplicates;
    return;
  }
  // An event says that it is new, though it may have come between the watch and the first listing.
  if (!is_event && existing_.contains(version)) return;
  keep(place, file_name, noticed == NoticedBy::written || is_linked);
}

tl::expected<Spool::Stored, int> CaptureKeeper::store(Spool& spool, const std::string& path,
                                                      bool is_in_place) const {
  if (is_in_place) {
    // While somebody writes to it again, a link is what can be had; another event comes after.
    if (auto stored = spool.copy(path, options_.max_copy_in_place_bytes)) return stored;
  }
  auto stored = spool.link(path);
  if (stored || !can_only_be_copied(stored.error())) return stored;
  return spool.copy(path, options_.max_copy_bytes);
}

void CaptureKeeper::keep(const CapturePlace& place, const std::string& file_name,
                         bool is_in_place) {
  const std::string path = join_path(path_of(place), file_name);
  CaptureRootReport& report = roots_[place.root];
  if (!open_spool(place.root)) {
    ++report.missed;
    return;
  }
  auto stored = store(*report.spool, path, is_in_place);
  if (!stored) return miss(place.root, os_error(stored.error(), path));
  // By now it may be another version than the one that was seen.
  const Version version(stored->stamp);
  if (kept_.contains(version) && !(stored->is_copy && is_in_place)) {
    report.spool->discard(*stored);
    ++report.duplicates;
    return;
  }
  SpoolEntry entry;
  entry.run_dir = place.run_dir;
  entry.job = place.job;
  entry.file_name = file_name;
  entry.session = session_of(place);
  if (auto recorded = report.spool->record(*stored, std::move(entry)); !recorded) {
    return miss(place.root, recorded.error());
  }
  kept_.insert(version);
  const Version inode(inode_of(stored->stamp));
  if (stored->is_copy) {
    linked_.erase(inode);
  } else {
    linked_.insert(inode);
  }
  ++report.kept;
  tell(place, file_name, *stored);
}

void CaptureKeeper::tell(const CapturePlace& place, const std::string& file_name,
                         const Spool::Stored& stored) const {
  if (!options_.on_kept) return;
  try {
    options_.on_kept({options_.roots[place.root], place.run_dir, place.job, file_name,
                      stored.stamp.size_bytes, stored.is_copy});
  } catch (...) {  // the file is kept, and the next one must be too
  }
}

std::optional<std::string> CaptureKeeper::session_of(const CapturePlace& place) const {
  // The token is about what lies directly in a run directory: clearing leaves the jobs alone.
  if (!place.job.empty()) return std::nullopt;
  const auto directory = system_file_system().open_directory(path_of(place));
  return directory ? read_session_sentinel(**directory).value_or(std::nullopt) : std::nullopt;
}

std::vector<CaptureRootReport> CaptureKeeper::take() {
  std::vector<CaptureRootReport> taken;
  for (CaptureRootReport& report : roots_) {
    CaptureRootReport next;
    next.root = report.root;
    if (report.spool && report.spool->recorded() == 0) next.spool = std::move(report.spool);
    taken.push_back(std::exchange(report, std::move(next)));
  }
  return taken;
}

void CaptureKeeper::remove_spools() {
  for (CaptureRootReport& report : roots_) {
    // One that can't be removed is read, found empty and tried again by a later refresh.
    if (report.spool) static_cast<void>(remove_spool(report.spool->path()));
    report.spool.reset();
  }
}

}  // namespace ktstr
