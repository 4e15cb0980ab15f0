// SPDX-License-Identifier: MIT
#include "catalog/refresh_planner.hpp"

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "catalog/read_sidecar.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"
#include "store/pre_clear.hpp"
#include "store/walk.hpp"

namespace ktstr {
namespace {

// Descriptors, whatever the number of directories. Small ones are looked at faster than their files
// are read, so they would all wait open.
constexpr int k_most_open = 48;

/// Also a link to what may not be looked at: the visit says so.
bool may_be_directory(const DirectoryHandle& directory, const DirectoryEntry& entry) {
  if (is_directory_entry(directory, entry)) return true;
  if (entry.kind != FileKind::symlink || is_sidecar_filename(entry.name)) return false;
  const auto status = directory.status_of(entry.name, FollowLinks::yes);
  return !status && status.error().code == ErrorCode::permission;
}

bool is_artifact(const std::string& name) {
  const auto artifact = classify_artifact(name);
  return artifact && artifact->kind != ArtifactKind::sidecar;
}

}  // namespace

Result<DirectoryListing> list_directory(DirectoryHandle& directory, DirectoryRole role,
                                        const Clock& clock) {
  const std::int64_t before_ns = clock.now_ns();
  const auto status = directory.status();
  if (!status) return fail(status.error());
  DirectoryListing listing;
  listing.stamp = known_stamp(status->stamp, before_ns, clock.now_ns());
  auto entries = directory.list();
  if (!entries) return fail(std::move(entries.error()));

  for (DirectoryEntry& entry : *entries) {
    if (entry.kind == FileKind::symlink) listing.has_links = true;
    // The harness asks whether an entry is a directory first, in a run directory; in a job
    // directory it does not ask, and fails to read a directory that is named as a sidecar.
    if (role != DirectoryRole::job && may_be_directory(directory, entry)) {
      listing.directories.push_back(std::move(entry.name));
    } else if (role == DirectoryRole::root) {
      continue;
    } else if (is_sidecar_filename(entry.name)) {
      listing.sidecars.push_back(std::move(entry));
    } else if (is_artifact(entry.name)) {
      listing.artifacts.push_back(std::move(entry));
    }
  }
  return listing;
}

namespace {

/// Sorts one entry that is there into the plan.
void plan_file(const DirectoryHandle& directory, const DirectoryEntry& entry,
               std::optional<FileRow> known, CheckLevel level, FilePlan& plan) {
  const bool is_link = entry.kind == FileKind::symlink;
  const auto status = directory.status_of(entry.name, FollowLinks::yes);
  const auto put_unreadable = [&](std::string message) {
    plan.unreadable.push_back(
        {unreadable_file(entry.name, is_link, std::move(message)), std::move(known)});
  };
  if (!status && status.error().code == ErrorCode::busy) {
    // Whoever reads it finds out, and knows that it says nothing of the file.
    plan.to_read.push_back({entry, std::move(known), LookReason::stamp});
    return;
  }
  if (!status) {
    // Removed since the listing: the directory's stamp will tell the next refresh.
    if (!is_link && status.error().code == ErrorCode::not_found) return;
    return put_unreadable(status.error().message);
  }
  if (status->kind == FileKind::directory) return put_unreadable(os_error(EISDIR).message);
  if (status->kind != FileKind::regular) return put_unreadable("not a regular file");

  const LookReason reason = file_look(known ? known->known : std::nullopt, status->stamp, level);
  if (reason == LookReason::unchanged && known->is_symlink == is_link) {
    ++plan.unchanged;
  } else {
    plan.to_read.push_back({entry, std::move(known), reason});
  }
}

}  // namespace

FilePlan plan_files(const DirectoryHandle& directory, const std::vector<DirectoryEntry>& entries,
                    std::vector<FileRow> known, CheckLevel level) {
  FilePlan plan;
  auto row = known.begin();
  for (const DirectoryEntry& entry : entries) {
    while (row != known.end() && row->file_name < entry.name)
      plan.gone.push_back(std::move(*row++));
    std::optional<FileRow> match;
    if (row != known.end() && row->file_name == entry.name) match = std::move(*row++);
    plan_file(directory, entry, std::move(match), level, plan);
  }
  while (row != known.end()) plan.gone.push_back(std::move(*row++));
  return plan;
}

std::vector<ArtifactRow> stat_artifacts(const DirectoryHandle& directory,
                                        const std::vector<DirectoryEntry>& entries) {
  std::vector<ArtifactRow> rows;
  for (const DirectoryEntry& entry : entries) {
    const auto name = classify_artifact(entry.name);
    const auto status = directory.status_of(entry.name, FollowLinks::yes);
    if (!name || !status || status->kind == FileKind::directory) continue;
    ArtifactRow row;
    row.file_name = entry.name;
    row.kind = artifact_kind_name(name->kind);
    row.test_name = name->test;
    if (name->has_hash) row.file_hash = hex16(name->hash);
    row.size_bytes = status->stamp.size_bytes;
    row.mtime_ns = status->stamp.mtime_ns;
    row.is_symlink = entry.kind == FileKind::symlink;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string relative_path(const DirectoryRow& directory, const std::string& file_name) {
  std::string path = directory.run_dir + "/";
  if (!directory.job.empty()) path += directory.job + "/";
  return path + file_name;
}

RefreshPlanner::RefreshPlanner(CatalogTables& tables, FileSystem& file_system, const Clock& clock,
                               const RefreshOptions& options)
    : tables_(tables), file_system_(file_system), clock_(clock), options_(options) {
  for (DirectoryRow& row : tables_.directories()) {
    Key key{row.run_dir, row.job};
    stored_.emplace(std::move(key), std::move(row));
  }
}

const DirectoryRow* RefreshPlanner::stored(const std::string& run_dir,
                                           const std::string& job) const {
  const auto found = stored_.find({run_dir, job});
  return found == stored_.end() ? nullptr : &found->second;
}

std::vector<DirectoryRow> RefreshPlanner::stored_run_dirs() const {
  std::vector<DirectoryRow> rows;
  for (const auto& [key, row] : stored_) {
    if (!key.first.empty() && key.second.empty()) rows.push_back(row);
  }
  return rows;
}

std::vector<DirectoryRow> RefreshPlanner::stored_jobs(const std::string& run_dir) const {
  std::vector<DirectoryRow> rows;
  for (auto at = stored_.upper_bound({run_dir, ""});
       at != stored_.end() && at->first.first == run_dir; ++at) {
    rows.push_back(at->second);
  }
  return rows;
}

std::vector<DirectoryRow> RefreshPlanner::missing_run_dirs(
    const std::vector<std::string>& names) const {
  std::vector<DirectoryRow> missing;
  for (const auto& [key, row] : stored_) {
    if (!key.first.empty() && !std::binary_search(names.begin(), names.end(), key.first)) {
      missing.push_back(row);  // jobs have the same first part, so they go too
    }
  }
  return missing;
}

std::vector<DirectoryRow> RefreshPlanner::missing_jobs(
    const std::string& run_dir, const std::vector<std::string>& names) const {
  std::vector<DirectoryRow> missing;
  for (DirectoryRow& row : stored_jobs(run_dir)) {
    if (!std::binary_search(names.begin(), names.end(), row.job)) missing.push_back(std::move(row));
  }
  return missing;
}

LookReason RefreshPlanner::look_at(const DirectoryRow* before, const Stamp& stamp) const {
  if (before == nullptr) return LookReason::added;
  return directory_look(before->known, stamp, before->has_links, options_.level);
}

void RefreshPlanner::explain(const std::string& path, LookReason reason) const {
  if (options_.why) options_.why(path, reason);
}

Result<void> RefreshPlanner::open_root(const std::string& root) {
  auto handle = file_system_.open_directory(root);
  if (!handle) {
    Error error = handle.error();
    error.path = root;
    return fail(std::move(error));
  }
  root_ = std::move(*handle);
  const auto status = root_->status();
  if (!status) return fail(status.error());
  const DirectoryRow* before = stored("", "");
  const LookReason reason = look_at(before, status->stamp);
  if (reason == LookReason::unchanged) {
    for (DirectoryRow& row : stored_run_dirs()) run_dirs_.push_back(std::move(row.run_dir));
    run_dir_count_ = run_dirs_.size();
    return {};
  }
  explain(".", reason);
  auto listing = list_directory(*root_, DirectoryRole::root, clock_);
  if (!listing) return fail(std::move(listing.error()));
  looked_root_ = std::make_shared<LookedDirectory>();
  if (before != nullptr) looked_root_->before = *before;
  looked_root_->row.known = listing->stamp;
  looked_root_->row.has_links = listing->has_links;
  looked_root_->gone = missing_run_dirs(listing->directories);
  run_dirs_.assign(listing->directories.begin(), listing->directories.end());
  run_dir_count_ = run_dirs_.size();
  return {};
}

LookReason RefreshPlanner::look_at(const DirectoryRow* before, const FoundDirectory& found) const {
  const LookReason reason = look_at(before, found.stamp);
  // Another link to the same directory: run_dirs shows the entry's own mtime.
  const bool is_other_entry = before != nullptr && before->entry_mtime_ns != found.entry_mtime_ns;
  return reason == LookReason::unchanged && is_other_entry ? LookReason::stamp : reason;
}

std::optional<RefreshTask> RefreshPlanner::next() {
  while (true) {
    if (current_ && next_read_ < current_->plan.to_read.size()) {
      return RefreshTask{current_, &current_->plan.to_read[next_read_++]};
    }
    if (current_ && current_->row.job.empty() && !jobs_.empty()) {
      // Its stamp says which jobs there are, so they have to be stored first.
      waiting_run_ = std::exchange(current_, nullptr);
    }
    if (current_) return RefreshTask{std::exchange(current_, nullptr), nullptr};
    if (!jobs_.empty()) {
      const std::string job = std::move(jobs_.front());
      jobs_.pop_front();
      visit(*run_handle_, {run_dir_, job}, job);
    } else if (waiting_run_) {
      return RefreshTask{std::exchange(waiting_run_, nullptr), nullptr};
    } else if (!run_dirs_.empty()) {
      run_dir_ = std::move(run_dirs_.front());
      run_dirs_.pop_front();
      run_handle_.reset();
      visit(*root_, {run_dir_, ""}, run_dir_);
    } else {
      return std::nullopt;
    }
  }
}

void RefreshPlanner::visit(const DirectoryHandle& parent, const Key& key, const std::string& name) {
  const auto entry = parent.status_of(name, FollowLinks::no);
  const bool is_link = entry && entry->kind == FileKind::symlink;
  const auto status = is_link ? parent.status_of(name, FollowLinks::yes) : entry;
  if (!status) return begin_failed(key, status.error());
  if (status->kind != FileKind::directory) return;  // replaced since the listing
  const FoundDirectory found{status->stamp, entry->stamp.mtime_ns};
  const LookReason reason = look_at(stored(key.first, key.second), found);
  if (reason == LookReason::unchanged) {
    ++unchanged_;
    if (key.second.empty()) queue_known_jobs(key.first);
    return;
  }
  // Ours is looked at every time (see begin), which is nobody's news.
  const bool is_own = key.first == k_index_directory_name;
  if (!is_own) explain(key.second.empty() ? key.first : key.first + "/" + key.second, reason);
  auto handle = parent.open_directory(name);
  if (!handle) return begin_failed(key, handle.error());
  begin(key, found, std::move(*handle));
}

void RefreshPlanner::queue_known_jobs(const std::string& run_dir) {
  const std::vector<DirectoryRow> known = stored_jobs(run_dir);
  if (known.empty()) return;
  auto handle = root_->open_directory(run_dir);
  if (!handle) return begin_failed({run_dir, ""}, handle.error());
  run_handle_ = std::move(*handle);
  for (const DirectoryRow& row : known) jobs_.push_back(row.job);
}

void RefreshPlanner::begin(const Key& key, const FoundDirectory& found,
                           std::shared_ptr<DirectoryHandle> handle) {
  auto looked = std::make_shared<LookedDirectory>();
  // Before the listing: a row that another process adds after it isn't one of a vanished file.
  std::vector<FileRow> known_files;
  if (const DirectoryRow* before = stored(key.first, key.second)) {
    looked->before = *before;
    known_files = tables_.files(before->directory_id);
  }
  const DirectoryRole role = key.second.empty() ? DirectoryRole::run : DirectoryRole::job;
  const auto listing = list_directory(*handle, role, clock_);
  if (!listing) return begin_failed(key, listing.error());
  // A job directory has none: the harness clears the run directory only.
  const bool may_have_session = role == DirectoryRole::run && key.first != k_index_directory_name;
  auto session = may_have_session ? read_session_sentinel(*handle) : std::nullopt;
  if (!session && session.error().code == ErrorCode::permission) {
    looked->unread_sentinel = session.error();
    looked->unread_sentinel->path = key.first + "/" + std::string(k_session_sentinel);
    session = std::nullopt;
  }
  if (!session) return begin_failed(key, session.error());
  if (key.first != k_index_directory_name) ++listed_;
  fill_row(key, found, *listing, *looked);
  looked->row.session = std::move(*session);
  looked->artifacts = stat_artifacts(*handle, listing->artifacts);
  looked->plan = plan_files(*handle, listing->sidecars, std::move(known_files), options_.level);
  if (!looked->plan.to_read.empty()) looked->handle = keep_open(handle);
  if (!looked->plan.unreadable.empty()) looked->look_again();
  for (const FilePlan::Read& read : looked->plan.to_read) {
    explain(relative_path(looked->row, read.entry.name), read.reason);
  }
  if (role == DirectoryRole::run) {
    looked->gone = missing_jobs(key.first, listing->directories);
    jobs_.assign(listing->directories.begin(), listing->directories.end());
    run_handle_ = std::move(handle);
  }
  current_ = std::move(looked);
  next_read_ = 0;
}

std::shared_ptr<const DirectoryHandle> RefreshPlanner::keep_open(
    std::shared_ptr<DirectoryHandle> handle) {
  if (*open_count_ >= k_most_open) return nullptr;
  ++*open_count_;
  const DirectoryHandle* const kept = handle.get();
  return {kept, [handle = std::move(handle), count = open_count_](const DirectoryHandle*) mutable {
            handle.reset();
            --*count;
          }};
}

Result<std::shared_ptr<const DirectoryHandle>> RefreshPlanner::open_to_read(
    const LookedDirectory& directory) const {
  if (directory.handle) return directory.handle;
  const DirectoryRow& row = directory.row;
  auto opened = root_->open_directory(row.job.empty() ? row.run_dir : row.run_dir + "/" + row.job);
  if (!opened) return fail(std::move(opened.error()));
  return std::shared_ptr<const DirectoryHandle>(std::move(*opened));
}

void RefreshPlanner::fill_row(const Key& key, const FoundDirectory& found,
                              const DirectoryListing& listing, LookedDirectory& looked) const {
  DirectoryRow& row = looked.row;
  row.run_dir = key.first;
  row.job = key.second;
  row.has_links = listing.has_links;
  if (key.first == k_index_directory_name) {
    // A stamp that nothing has, so that it is listed every time and never has to be stored again.
    row.known = KnownStamp{Stamp{}, true};
    return;
  }
  row.known = listing.stamp;
  row.entry_mtime_ns = found.entry_mtime_ns;
}

/// It was there a moment ago. If it is gone, the parent's stamp tells the next refresh; any other
/// failure is stored with the rows left as they are, unless it is one of ours: that the system is
/// short of something is nothing about the directory.
void RefreshPlanner::begin_failed(const Key& key, const Error& error) {
  if (error.code == ErrorCode::not_found) return;
  auto looked = std::make_shared<LookedDirectory>();
  if (const DirectoryRow* before = stored(key.first, key.second)) {
    looked->before = *before;
    looked->row = *before;
  }
  looked->row.run_dir = key.first;
  looked->row.job = key.second;
  if (error.code != ErrorCode::busy) looked->row.error = error.message;
  looked->look_again();
  looked->failure = error;
  looked->failure->path = key.second.empty() ? key.first : key.first + "/" + key.second;
  current_ = std::move(looked);
  next_read_ = 0;
}

}  // namespace ktstr
