// SPDX-License-Identifier: MIT
#include "catalog/refresh_store.hpp"

#include <algorithm>

#include "catalog/connection.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_batch_files = 256;

/// A failure that is stored already, word for word.
bool is_known_failure(const std::optional<FileRow>& known, const PreparedFile& file) {
  return known && file.status == "unreadable" && known->status == "unreadable" &&
         known->known == file.stamp && known->error == file.error &&
         known->is_symlink == file.is_symlink;
}

bool differs(const RefreshOutcome& outcome) {
  const ReadSidecar& result = outcome.result;
  if (result.vanished) return false;
  if (!result.same_content) return !is_known_failure(outcome.read->known, result.file);
  return outcome.read->known->known != result.file.stamp ||
         outcome.read->known->is_symlink != result.file.is_symlink;
}

bool is_same_row(const LookedDirectory& directory) {
  if (!directory.before) return false;
  DirectoryRow row = directory.row;
  row.directory_id = directory.before->directory_id;
  return row == *directory.before;
}

}  // namespace

Result<void> RefreshStore::take(RefreshOutcome&& outcome) {
  const std::shared_ptr<LookedDirectory> directory = outcome.directory;
  const bool is_end = outcome.read == nullptr;
  if (is_end && directory->failure) report_.unreadable_directories.push_back(*directory->failure);
  if (!is_end) {
    if (outcome.result.file.status == "unreadable") directory->look_again();
    batch_.push_back(std::move(outcome));
    if (options_.progress) options_.progress(++files_read_);
    if (batch_.size() < k_batch_files) return {};
  }
  auto stored = store_batch(*directory, is_end);
  batch_.clear();
  return stored;
}

Result<void> RefreshStore::finish_root(LookedDirectory& root) { return store_batch(root, true); }

Result<void> RefreshStore::observe(const DirectoryRow& directory, const FileRow* old,
                                   const PreparedFile* file, const std::string* bytes) {
  const std::string& name = file != nullptr ? file->file_name : old->file_name;
  return options_.observer->before_change({relative_path(directory, name),
                                           old != nullptr ? old->content_id : "",
                                           file != nullptr ? file->content_id : "", bytes});
}

/// Whoever wants to keep what is about to go has kept it, or nothing is stored.
Result<void> RefreshStore::observe_batch(const LookedDirectory& directory, bool is_end) {
  if (options_.observer == nullptr) return {};
  for (const RefreshOutcome& outcome : batch_) {
    if (outcome.result.same_content || outcome.result.vanished) continue;
    const PreparedFile& file = outcome.result.file;
    const FileRow* old = outcome.read->known ? &*outcome.read->known : nullptr;
    auto seen = observe(directory.row, old, &file,
                        file.content_id.empty() ? nullptr : &outcome.result.bytes);
    if (!seen) return seen;
  }
  return is_end ? observe_removals(directory) : Result<void>();
}

Result<void> RefreshStore::observe_removals(const LookedDirectory& directory) {
  for (const FileRow& file : directory.plan.gone) {
    if (auto seen = observe(directory.row, &file, nullptr, nullptr); !seen) return seen;
  }
  for (const DirectoryRow& gone : directory.gone) {
    for (const FileRow& file : tables_.files(gone.directory_id)) {
      if (auto seen = observe(gone, &file, nullptr, nullptr); !seen) return seen;
    }
  }
  return {};
}

bool RefreshStore::artifacts_differ(const LookedDirectory& directory) {
  if (directory.failure) return false;
  if (!directory.before) return !directory.artifacts.empty();
  return tables_.artifacts(directory.before->directory_id) != directory.artifacts;
}

bool RefreshStore::has_changes(const LookedDirectory& directory, bool is_end) {
  if (std::any_of(batch_.begin(), batch_.end(), differs)) return true;
  if (!is_end) return false;
  const FilePlan& plan = directory.plan;
  const bool has_new_failure =
      std::any_of(plan.unreadable.begin(), plan.unreadable.end(),
                  [](const FilePlan::Put& put) { return !is_known_failure(put.known, put.file); });
  return has_new_failure || !plan.gone.empty() || !directory.gone.empty() ||
         !is_same_row(directory) || artifacts_differ(directory);
}

Result<void> RefreshStore::store_batch(LookedDirectory& directory, bool is_end) {
  if (auto seen = observe_batch(directory, is_end); !seen) return seen;
  if (!has_changes(directory, is_end)) return {};
  tables_.forget_cached_ids();  // another process may have dropped what they name
  ImmediateTransaction transaction(database_);
  ensure_directory(directory);
  for (const RefreshOutcome& outcome : batch_) store_file(directory, outcome);
  if (is_end) store_end(directory);
  transaction.commit();
  changed_something_ = true;
  return {};
}

/// A new one goes in without its stamp, so that it counts as not looked at until its end.
void RefreshStore::ensure_directory(LookedDirectory& directory) {
  if (directory.row.directory_id != 0) return;
  if (directory.before) {
    directory.row.directory_id = directory.before->directory_id;
    return;
  }
  DirectoryRow row = directory.row;
  row.known.reset();
  directory.row.directory_id = tables_.put_directory(row);
}

void RefreshStore::store_file(const LookedDirectory& directory, const RefreshOutcome& outcome) {
  const ReadSidecar& result = outcome.result;
  const std::optional<FileRow>& known = outcome.read->known;
  if (!differs(outcome)) return;
  if (result.same_content) {
    tables_.repair_stamp(*known, *result.file.stamp, result.file.is_symlink);
  } else if (tables_.put_file(directory.row.directory_id, result.file, known)) {
    count_put(known, result.file);
  }
}

void RefreshStore::store_end(LookedDirectory& directory) {
  for (const FilePlan::Put& put : directory.plan.unreadable) {
    if (is_known_failure(put.known, put.file)) continue;
    if (tables_.put_file(directory.row.directory_id, put.file, put.known)) {
      count_put(put.known, put.file);
    }
  }
  for (const FileRow& gone : directory.plan.gone) {
    if (tables_.remove_file(gone)) count_removed(gone);
  }
  for (const DirectoryRow& gone : directory.gone) {
    for (const FileRow& file : tables_.files(gone.directory_id)) count_removed(file);
    tables_.remove_directory(gone.directory_id);
  }
  if (artifacts_differ(directory)) {
    tables_.replace_artifacts(directory.row.directory_id, directory.artifacts);
  }
  tables_.put_directory(directory.row);
}

void RefreshStore::count_put(const std::optional<FileRow>& known, const PreparedFile& file) {
  if (known) {
    ++report_.files_changed;
    return;
  }
  ++report_.files_added;
  if (!file.content_id.empty()) added_ids_.insert(file.content_id);
}

void RefreshStore::count_removed(const FileRow& file) {
  ++report_.files_removed;
  if (!file.content_id.empty()) removed_ids_.insert(file.content_id);
}

/// The same bytes gone from one place and new in another are one move.
void RefreshStore::count_moves() {
  for (const std::string& id : added_ids_) {
    const auto twin = removed_ids_.find(id);
    if (twin == removed_ids_.end()) continue;
    removed_ids_.erase(twin);
    ++report_.files_moved;
  }
  report_.files_added -= report_.files_moved;
  report_.files_removed -= report_.files_moved;
}

RefreshReport RefreshStore::finish() {
  count_moves();
  if (changed_something_ || options_.level != CheckLevel::dirs) store_time();
  report_.status = tables_.status_counts();
  std::int64_t total = 0;
  for (const auto& [status, count] : report_.status) total += count;
  report_.files_unchanged =
      total - report_.files_added - report_.files_changed - report_.files_moved;
  return std::move(report_);
}

void RefreshStore::store_time() {
  ImmediateTransaction transaction(database_);
  if (report_.files_removed + report_.files_changed + report_.files_moved > 0) {
    tables_.remove_orphans();
  }
  tables_.set_setting("last_refresh_ns", clock_.now_ns());
  transaction.commit();
}

}  // namespace ktstr
