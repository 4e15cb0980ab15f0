// SPDX-License-Identifier: MIT
#include "catalog/archive_keeper.hpp"

#include <algorithm>

#include "catalog/archive_dump.hpp"
#include "catalog/connection.hpp"

namespace ktstr {

ArchiveKeeper::ArchiveKeeper(ArchiveOptions archive, KeeperOptions options, FileSystem& file_system,
                             const Clock& clock)
    : archive_options_(std::move(archive)),
      options_(std::move(options)),
      file_system_(file_system),
      clock_(clock),
      samples_(archive_options_.is_named) {}

/// Opened, and made, when there is something to keep: a pool of samples makes none.
Result<void> ArchiveKeeper::ensure_open() {
  if (archive_) return {};
  auto opened = Archive::open(archive_options_, file_system_, clock_);
  if (!opened) return fail(std::move(opened.error()));
  archive_.emplace(std::move(*opened));
  root_ = ArchiveRoot{options_.root, archive_->tables().project_for(options_.root), ""};
  return {};
}

/// One transaction; what was handed out in one that failed is void. A damaged archive is mended,
/// and the next refresh tells it what it missed.
void ArchiveKeeper::transact(const std::function<void()>& body) {
  const KeepReport before = report_;
  const auto done = guarded(archive_options_.path, [&]() -> Result<void> {
    if (auto opened = ensure_open(); !opened) return opened;
    archive_->tables().records().forget_cached_ids();
    ImmediateTransaction transaction(archive_->database());
    root_id_ = archive_->tables().root_id(*root_);
    body();
    transaction.commit();
    return {};
  });
  if (done) return;
  report_ = before;  // nothing of it was kept
  note_failure(done.error());
  if (done.error().code != ErrorCode::corrupt || !archive_) return;
  const auto mended = archive_->replace_damaged(done.error().message, file_system_, clock_);
  if (!mended) note_failure(mended.error());
}

/// Within a transaction: one that the archive's rules don't take doesn't take the others along.
void ArchiveKeeper::put_whole(const std::function<void()>& body) {
  SQLite::Database& database = archive_->database();
  KeepReport before = report_;
  database.exec("SAVEPOINT kept_row");
  try {
    body();
  } catch (const SQLite::Exception& exception) {
    if (!is_refused_row(exception)) throw;
    Error refusal = sqlite_error(exception, archive_options_.path);
    database.exec("ROLLBACK TO kept_row");
    archive_->tables().records().forget_cached_ids();
    report_ = std::move(before);
    ++report_.not_taken;
    if (!report_.refusal) report_.refusal = std::move(refusal);
  }
  database.exec("RELEASE kept_row");
}

/// What was written while the command of a session ran is the session's, where no sentinel says
/// otherwise: one is missing, or it is about the run directory and the file in a job directory.
std::optional<std::string> ArchiveKeeper::session_for(const DirectoryRow& directory,
                                                      std::int64_t written_ns) const {
  if (directory.job.empty() && directory.session) return directory.session;
  const auto& session = options_.session;
  const bool is_its_own =
      session && written_ns >= session->started_ns && written_ns <= session->ended_ns;
  return is_its_own ? std::optional(session->session) : std::nullopt;
}

void ArchiveKeeper::note_failure(const Error& error) {
  if (!report_.failure) report_.failure = error;
}

bool ArchiveKeeper::is_refused(const std::string& run_dir, const PreparedFile& file) {
  const bool is_refused = samples_.refuses(run_dir, file.record ? &*file.record : nullptr);
  if (is_refused) ++report_.synthetic;
  return is_refused;
}

void ArchiveKeeper::keep(const DirectoryRow& directory, const PreparedFile& file,
                         const PackedDocument& document, std::int64_t seen_ns) {
  ArchiveTables& tables = archive_->tables();
  const std::int64_t id = tables.directory_id(root_id_, directory.run_dir, directory.job);
  tables.put_document(document, seen_ns);
  const std::int64_t written_ns = file.stamp ? file.stamp->stamp.mtime_ns : seen_ns;
  const Sighting sighting{id, session_for(directory, written_ns), seen_ns};
  if (!tables.put_sidecar(sighting, *root_, file)) return;
  ++report_.results;
  for (const auto& [key, value] : options_.labels) tables.put_label(file.content_id, key, value);
}

Result<void> ArchiveKeeper::before_changes(std::span<const RowChange> changes) {
  std::vector<const RowChange*> to_keep;
  for (const RowChange& change : changes) {
    if (change.document != nullptr) to_keep.push_back(&change);
  }
  // Decoded ones first: they say which directories are the sample generator's.
  std::stable_partition(to_keep.begin(), to_keep.end(),
                        [](const RowChange* change) { return change->file->record.has_value(); });
  std::erase_if(to_keep, [this](const RowChange* change) {
    return is_refused(change->directory.run_dir, *change->file);
  });
  if (to_keep.empty()) return {};
  const std::int64_t now_ns = clock_.now_ns();
  const std::int64_t not_taken = report_.not_taken;
  transact([&] {
    for (const RowChange* change : to_keep) {
      put_whole([&] { keep(change->directory, *change->file, *change->document, now_ns); });
    }
  });
  report_.not_taken = not_taken;  // finish() tries those again
  return {};
}

void ArchiveKeeper::keep_spools(const std::vector<std::string>& owned) {
  const auto take = [this](const std::vector<SpooledVersion>& versions) {
    const std::int64_t not_taken = report_.not_taken;
    transact([&] {
      for (const SpooledVersion& version : versions) put_whole([&] { keep_version(version); });
    });
    return !report_.failure && report_.not_taken == not_taken;
  };
  DrainReport drained = drain_spools(options_.root, owned, options_.most_file_bytes, take);
  if (drained.problem) note_failure(*drained.problem);
  report_.left_alone = std::move(drained.left_alone);
}

void ArchiveKeeper::keep_version(const SpooledVersion& version) {
  const DirectoryRow& directory = version.directory;
  const std::int64_t before = report_.results + report_.dumps;
  if (version.sidecar) {
    if (is_refused(directory.run_dir, *version.sidecar)) return;
    // What its writer has kept before has ended; it doesn't stand again because we are late.
    const bool is_known =
        archive_->tables().has_observation(options_.root, directory.run_dir, directory.job,
                                           version.sidecar->file_name, version.sidecar->content_id);
    if (!is_known) keep(directory, *version.sidecar, version.document, version.seen_ns);
  } else if (!samples_.refuses(directory.run_dir, nullptr)) {
    ArchiveTables& tables = archive_->tables();
    const std::int64_t id = tables.directory_id(root_id_, directory.run_dir, directory.job);
    if (!tables.has_artifact(id, version.dump->row)) {
      put_dump(directory, *version.dump, &version.document, version.seen_ns);
    }
  }
  report_.captured += report_.results + report_.dumps - before;
}

/// Within a transaction. Over a limit, it is put down without its bytes.
void ArchiveKeeper::put_dump(const DirectoryRow& directory, KeptArtifact dump,
                             const PackedDocument* document, std::int64_t seen_ns) {
  ArchiveTables& tables = archive_->tables();
  if (dump.row.size_bytes > options_.most_dump_bytes) {
    dump.not_kept = too_large_text(options_.most_dump_bytes);
  } else if (document != nullptr && tables.stored_dump_bytes() > options_.most_stored_dump_bytes) {
    dump.not_kept = "the dumps in the archive have reached their limit";
  } else if (document != nullptr) {
    tables.put_document(*document, seen_ns);
  }
  const std::int64_t id = tables.directory_id(root_id_, directory.run_dir, directory.job);
  tables.put_artifact({id, session_for(directory, dump.row.mtime_ns), seen_ns}, *root_, dump);
  ++(dump.not_kept.empty() ? report_.dumps : report_.dumps_left);
}

}  // namespace ktstr
