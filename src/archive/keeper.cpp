// SPDX-License-Identifier: MIT
#include "archive/keeper.hpp"

#include <algorithm>
#include <utility>

#include "archive/tables.hpp"
#include "base/hashing.hpp"
#include "capture/spool.hpp"
#include "catalog/read_sidecar.hpp"
#include "database/connection.hpp"
#include "ktstr/index.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_versions_at_once = 64;
constexpr std::size_t k_bytes_at_once = 32 << 20;

/// None: there is nothing to be kept. An error: it may work another time, so the spool has to stay.
Result<std::optional<SpooledVersion>> read_version(const SpooledFile& spooled,
                                                   std::uint64_t most_file_bytes) {
  // What was written to it since is a later version, perhaps half of one; that has its own event.
  if (spooled.is_changed) return std::nullopt;
  auto handle = open_spooled_file(spooled);
  if (!handle && handle.error().code == ErrorCode::not_found) return std::nullopt;
  if (!handle) return fail(std::move(handle.error()));
  const auto status = (*handle)->status();
  if (status && status->stamp.size_bytes > static_cast<std::int64_t>(most_file_bytes)) {
    return std::nullopt;  // as a refresh leaves it out
  }
  const auto bytes = (*handle)->read_all(most_file_bytes);
  if (!bytes) return fail(bytes.error());
  SpooledVersion version;
  version.directory.run_dir = spooled.entry.run_dir;
  version.directory.job = spooled.entry.job;
  version.directory.session = spooled.entry.session;
  version.seen_ns = spooled.entry.captured_ns;
  DocumentKind kind = DocumentKind::sidecar;
  if (is_sidecar_filename(spooled.entry.file_name)) {
    // The entry's time: a copy has times of its own, and a link those of the last write.
    version.sidecar = prepare_sidecar(spooled.entry.file_name, spooled.entry.mtime_ns, *bytes);
  } else {
    const auto size = static_cast<std::int64_t>(bytes->size());
    version.dump.emplace();
    version.dump->row = dump_row(spooled.entry.file_name, size, spooled.entry.mtime_ns);
    version.dump->id = content_id(*bytes);
    kind = document_kind(version.dump->row.kind);
  }
  version.document =
      pack_document(*bytes, version.sidecar ? version.sidecar->content_id : version.dump->id, kind);
  return version;
}

/// True: everything was taken. False: the taker couldn't.
Result<bool> hand_over(
    const std::vector<SpooledFile>& files, std::uint64_t most_file_bytes,
    const std::function<bool(const std::vector<SpooledVersion>& versions)>& take) {
  std::vector<SpooledVersion> versions;
  std::size_t waiting_bytes = 0;
  for (const SpooledFile& spooled : files) {
    auto version = read_version(spooled, most_file_bytes);
    if (!version) return fail(std::move(version.error()));
    if (!*version) continue;
    waiting_bytes += (*version)->document.frame.size();
    versions.push_back(std::move(**version));
    if (versions.size() < k_versions_at_once && waiting_bytes < k_bytes_at_once) continue;
    if (!take(versions)) return false;
    versions.clear();
    waiting_bytes = 0;
  }
  return versions.empty() || take(versions);
}

}  // namespace

DrainReport drain_spools(
    const std::string& root, const std::vector<std::string>& owned, std::uint64_t most_file_bytes,
    const std::function<bool(const std::vector<SpooledVersion>& versions)>& take) {
  SpoolListing listing = list_spools(root);
  DrainReport report;
  report.left_alone = std::move(listing.not_ours);
  const auto note = [&](Error error) {
    if (error.code == ErrorCode::corrupt) {
      report.left_alone.push_back(std::move(error));
    } else if (!report.problem) {
      report.problem = std::move(error);
    }
  };
  const auto drain = [&](const std::string& path) {
    const auto files = read_spool(path);
    if (!files) return note(files.error());
    const auto taken = hand_over(*files, most_file_bytes, take);
    if (!taken) return note(taken.error());
    if (!*taken) return;
    if (auto removed = remove_spool(path); !removed) note(std::move(removed.error()));
  };
  for (const std::string& path : owned) drain(path);
  for (const FoundSpool& found : listing.spools) {
    if (found.is_live) continue;
    const auto claim = SpoolClaim::take(found.path);
    if (claim && *claim) drain(found.path);
  }
  return report;
}

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
  if (no_project_) return fail(*no_project_);
  auto opened = Archive::open(archive_options_, file_system_, clock_);
  if (!opened) return fail(std::move(opened.error()));
  auto project = opened->tables().project_for(options_.root);
  if (!project) {
    no_project_ = project.error();  // one wait for git is enough
    return fail(std::move(project.error()));
  }
  archive_.emplace(std::move(*opened));
  root_ = ArchiveRoot{options_.root, std::move(*project), ""};
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
