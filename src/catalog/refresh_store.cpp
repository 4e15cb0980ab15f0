// SPDX-License-Identifier: MIT
#include "catalog/refresh_store.hpp"

#include <algorithm>
#include <utility>

#include "database/connection.hpp"

namespace ktstr {
namespace {

// In one transaction. More would save little: by then most pages of the indexes are written anyway;
// and who else wants to write waits some 80 ms at most.
constexpr std::size_t k_most_files = 1024;
// What is kept of a file is smaller than the file, but not always much.
constexpr std::int64_t k_most_bytes = 32 << 20;

/// A failure that is stored already, word for word.
bool is_known_failure(const std::optional<FileRow>& known, const PreparedFile& file) {
  return known && file.status == "unreadable" && known->status == "unreadable" &&
         known->known == file.stamp && known->error == file.error &&
         known->is_symlink == file.is_symlink;
}

/// Nothing was learned, neither of the content nor that it is another one: the row stands.
bool is_row_kept(const RefreshOutcome& outcome) {
  const ReadSidecar& result = outcome.result;
  if (!result.shortage) return false;
  if (result.file.status.empty()) return true;
  const std::optional<FileRow>& known = outcome.read->known;
  return known && known->status != "unreadable" && known->known && result.file.stamp &&
         known->known->stamp == result.file.stamp->stamp;
}

/// Whether the row will hold another content, or none.
bool is_other_content(const RefreshOutcome& outcome) {
  return !outcome.result.vanished && !outcome.result.same_content &&
         !is_known_failure(outcome.read->known, outcome.result.file);
}

/// The same stamp, now settled.
bool is_settled_only(const std::optional<KnownStamp>& before,
                     const std::optional<KnownStamp>& after) {
  return before && after && before->stamp == after->stamp && !before->settled && after->settled;
}

/// The row as it would be stored is what is stored, but for the stamp.
bool is_same_but_stamp(const LookedDirectory& directory) {
  if (!directory.before) return false;
  DirectoryRow row = directory.row;
  row.directory_id = directory.before->directory_id;
  row.known = directory.before->known;
  return row == *directory.before;
}

}  // namespace

Result<void> RefreshStore::take(RefreshOutcome&& outcome) {
  const std::shared_ptr<LookedDirectory> directory = outcome.directory;
  Batch& batch = batch_for(directory);
  if (outcome.read == nullptr) {
    if (directory->failure) report_.unreadable_directories.push_back(*directory->failure);
    if (directory->unread_sentinel) {
      report_.not_looked_at.push_back(*directory->unread_sentinel);
      directory->look_again();
    }
    batch.is_end = true;
    return {};
  }
  if (outcome.result.shortage) {
    Error shortage = *outcome.result.shortage;
    shortage.path = relative_path(directory->row, outcome.result.file.file_name);
    report_.not_looked_at.push_back(std::move(shortage));
    directory->look_again();
    if (is_row_kept(outcome)) return {};
  }
  // Else an unchanged directory would keep us from ever looking at its fresh files again.
  const std::optional<KnownStamp>& stamp = outcome.result.file.stamp;
  if (!outcome.result.vanished && !(stamp && stamp->settled)) directory->look_again();
  const std::int64_t file_bytes = stamp ? stamp->stamp.size_bytes : 0;
  batch.outcomes.push_back(std::move(outcome));
  waiting_bytes_ += file_bytes;
  const bool is_enough = ++waiting_files_ >= k_most_files || waiting_bytes_ >= k_most_bytes;
  return is_enough ? store_batches() : Result<void>();
}

RefreshStore::Batch& RefreshStore::batch_for(const std::shared_ptr<LookedDirectory>& directory) {
  if (batches_.empty() || batches_.back().directory != directory) {
    batches_.push_back({directory, {}, false, Worth::nothing});
  }
  return batches_.back();
}

Result<void> RefreshStore::finish_root(const std::shared_ptr<LookedDirectory>& root) {
  if (root) batch_for(root).is_end = true;
  return store_batches();
}

void RefreshStore::gather_changes(const Batch& batch, std::vector<RowChange>& changes) {
  const DirectoryRow& directory = batch.directory->row;
  for (const RefreshOutcome& outcome : batch.outcomes) {
    if (!is_other_content(outcome)) continue;
    const PreparedFile& file = outcome.result.file;
    const auto& document = outcome.result.document;
    changes.push_back({directory, relative_path(directory, file.file_name),
                       outcome.read->known ? outcome.read->known->content_id : "", file.content_id,
                       &file, document ? &*document : nullptr});
  }
  if (batch.is_end) gather_end(*batch.directory, changes);
}

void RefreshStore::gather_end(const LookedDirectory& directory, std::vector<RowChange>& changes) {
  const DirectoryRow& row = directory.row;
  for (const FilePlan::Put& put : directory.plan.unreadable) {
    if (is_known_failure(put.known, put.file)) continue;
    changes.push_back({row, relative_path(row, put.file.file_name),
                       put.known ? put.known->content_id : "", "", &put.file, nullptr});
  }
  const auto add_gone = [&](const DirectoryRow& of, const FileRow& file) {
    changes.push_back(
        {of, relative_path(of, file.file_name), file.content_id, "", nullptr, nullptr});
  };
  for (const FileRow& file : directory.plan.gone) add_gone(row, file);
  for (const DirectoryRow& gone : directory.gone) {
    for (const FileRow& file : tables_.files(gone.directory_id)) add_gone(gone, file);
  }
}

/// Whoever wants to keep what is about to go has kept it, or nothing is stored.
Result<void> RefreshStore::observe_batches() {
  if (options_.observer == nullptr) return {};
  std::vector<RowChange> changes;
  for (const Batch& batch : batches_) {
    if (batch.worth == Worth::changes) gather_changes(batch, changes);
  }
  return options_.observer->before_changes(changes);
}

bool RefreshStore::artifacts_differ(const LookedDirectory& directory) {
  if (directory.failure) return false;
  if (!directory.before) return !directory.artifacts.empty();
  return tables_.artifacts(directory.before->directory_id) != directory.artifacts;
}

RefreshStore::Worth RefreshStore::worth_of(const RefreshOutcome& outcome) {
  const ReadSidecar& result = outcome.result;
  if (is_other_content(outcome)) return Worth::changes;
  if (!result.same_content) return Worth::nothing;
  const FileRow& known = *outcome.read->known;
  if (known.is_symlink != result.file.is_symlink) return Worth::changes;
  if (known.known == result.file.stamp) return Worth::nothing;
  return is_settled_only(known.known, result.file.stamp) ? Worth::settled : Worth::changes;
}

RefreshStore::Worth RefreshStore::worth_of_end(const LookedDirectory& directory) {
  const FilePlan& plan = directory.plan;
  const bool has_new_failure =
      std::any_of(plan.unreadable.begin(), plan.unreadable.end(),
                  [](const FilePlan::Put& put) { return !is_known_failure(put.known, put.file); });
  if (has_new_failure || !plan.gone.empty() || !directory.gone.empty() ||
      !is_same_but_stamp(directory) || artifacts_differ(directory)) {
    return Worth::changes;
  }
  const std::optional<KnownStamp>& before = directory.before->known;
  if (before == directory.row.known) return Worth::nothing;
  return is_settled_only(before, directory.row.known) ? Worth::settled : Worth::changes;
}

RefreshStore::Worth RefreshStore::worth_of(const Batch& batch) {
  Worth worth = Worth::nothing;
  for (const RefreshOutcome& outcome : batch.outcomes) {
    worth = std::max(worth, worth_of(outcome));
    if (worth == Worth::changes) return worth;
  }
  return batch.is_end ? std::max(worth, worth_of_end(*batch.directory)) : worth;
}

/// All in one transaction: many small ones would write the pages of the indexes again and again.
Result<void> RefreshStore::store_batches() {
  Worth worth = Worth::nothing;
  for (Batch& batch : batches_) {
    batch.worth = worth_of(batch);
    worth = std::max(worth, batch.worth);
  }
  if (worth == Worth::changes) {
    if (auto seen = observe_batches(); !seen) return seen;
    if (waiting_files_ >= k_most_files) put_off_checkpoints();
    ImmediateTransaction transaction(database_);
    write_batches();
    transaction.commit();
  } else if (worth == Worth::settled) {
    // Nobody waits for this: another refresh can do it.
    if (const auto transaction = ImmediateTransaction::begin_if_free(database_)) {
      write_batches();
      transaction->commit();
    }
  }
  batches_.clear();
  waiting_files_ = 0;
  waiting_bytes_ = 0;
  return {};
}

/// A large refresh writes pages that it will write again. The log is bounded all the same.
void RefreshStore::put_off_checkpoints() {
  if (has_put_off_checkpoints_) return;
  has_put_off_checkpoints_ = true;
  database_.exec("PRAGMA wal_autocheckpoint = 8192");
}

/// The catalog shortens the log when the refresh has ended.
void RefreshStore::catch_up_checkpoints() {
  if (!std::exchange(has_put_off_checkpoints_, false)) return;
  database_.exec("PRAGMA wal_autocheckpoint = 1000");
}

void RefreshStore::write_batches() {
  tables_.records().forget_cached_ids();  // another process may have dropped what they name
  for (const Batch& batch : batches_) {
    if (batch.worth != Worth::nothing) write_batch(batch);
  }
  stored_something_ = true;
}

void RefreshStore::write_batch(const Batch& batch) {
  LookedDirectory& directory = *batch.directory;
  ensure_directory(directory);
  for (const RefreshOutcome& outcome : batch.outcomes) store_file(directory, outcome);
  if (batch.is_end) store_end(directory);
}

/// A new one goes in without its stamp, so that it counts as not looked at until its end. So does
/// one that another process removed since: what the plan took for stored is gone with it.
void RefreshStore::ensure_directory(LookedDirectory& directory) {
  DirectoryRow& row = directory.row;
  const std::int64_t expected =
      directory.before ? directory.before->directory_id : row.directory_id;
  row.directory_id = tables_.find_directory(row.run_dir, row.job);
  if (expected != 0 && row.directory_id != expected) directory.look_again();
  if (row.directory_id != 0) return;
  DirectoryRow unseen = row;
  unseen.known.reset();
  row.directory_id = tables_.put_directory(unseen);
}

void RefreshStore::store_file(LookedDirectory& directory, const RefreshOutcome& outcome) {
  const ReadSidecar& result = outcome.result;
  const std::optional<FileRow>& known = outcome.read->known;
  if (is_other_content(outcome)) return put_file(directory, result.file, known);
  if (!result.same_content) return;
  const auto repaired = tables_.repair_stamp(directory.row.directory_id, *known, *result.file.stamp,
                                             result.file.is_symlink);
  if (repaired == RowWrite::refused) directory.look_again();
}

void RefreshStore::put_file(LookedDirectory& directory, const PreparedFile& file,
                            const std::optional<FileRow>& known) {
  const RowWrite put = tables_.put_file(directory.row.directory_id, file, known);
  if (put == RowWrite::done) count_put(known, file);
  if (put == RowWrite::refused) directory.look_again();
}

void RefreshStore::store_removals(LookedDirectory& directory) {
  for (const FileRow& gone : directory.plan.gone) {
    const RowWrite removed = tables_.remove_file(directory.row.directory_id, gone);
    if (removed == RowWrite::done) count_removed(gone);
    if (removed == RowWrite::refused) directory.look_again();
  }
  for (const DirectoryRow& gone : directory.gone) {
    const std::vector<FileRow> files = tables_.files(gone.directory_id);
    const RowWrite removed = tables_.remove_directory(gone);
    if (removed == RowWrite::refused) directory.look_again();
    if (removed != RowWrite::done) continue;
    for (const FileRow& file : files) count_removed(file);
  }
}

void RefreshStore::store_end(LookedDirectory& directory) {
  for (const FilePlan::Put& put : directory.plan.unreadable) {
    if (!is_known_failure(put.known, put.file)) put_file(directory, put.file, put.known);
  }
  store_removals(directory);
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
  if (stored_something_) store_time();
  catch_up_checkpoints();
  report_.status = tables_.status_counts();
  std::int64_t total = 0;
  for (const auto& [status, count] : report_.status) total += count;
  report_.files_unchanged =
      total - report_.files_added - report_.files_changed - report_.files_moved;
  return std::move(report_);
}

/// Where another process writes, it stores the time itself. One that couldn't list everything
/// leaves a catalog that was never complete as it is.
void RefreshStore::store_time() {
  const auto transaction = ImmediateTransaction::begin_if_free(database_);
  if (!transaction) return;
  if (report_.files_removed + report_.files_changed + report_.files_moved > 0) {
    tables_.records().remove_unused_hosts();
  }
  SettingTable& settings = tables_.settings();
  if (report_.unreadable_directories.empty() || settings.find("last_refresh_ns")) {
    settings.put("last_refresh_ns", clock_.now_ns());
  }
  transaction->commit();
}

}  // namespace ktstr
