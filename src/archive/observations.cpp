// SPDX-License-Identifier: MIT
#include "archive/observations.hpp"

#include <algorithm>
#include <utility>

#include "archive/tables.hpp"
#include "base/hashing.hpp"
#include "catalog/read_sidecar.hpp"
#include "catalog/tables.hpp"
#include "database/connection.hpp"
#include "store/pre_clear.hpp"

// Observations of ArchiveTables: what stood under which name, and from when to when.

namespace ktstr {
namespace {

std::vector<StandingObservation> read_standing(SQLite::Statement& select, std::int64_t root_id) {
  select.bind(1, root_id);
  std::vector<StandingObservation> rows;
  while (select.executeStep()) {
    rows.push_back({select.getColumn(0).getInt64(), column_bytes(select, 1),
                    column_bytes(select, 2), column_bytes(select, 3), column_bytes(select, 4),
                    select.getColumn(5).getInt64(), select.getColumn(6).getInt64()});
  }
  select.reset();
  return rows;
}

void end_row(SQLite::Statement& end, std::int64_t row_id, std::int64_t ended_ns, Ending ending) {
  end.bind(1, ended_ns);
  end.bind(2, ending == Ending::superseded ? "superseded" : "vanished");
  end.bind(3, row_id);
  end.exec();
}

/// Removes what was found, and leaves what only it knows: since when, and of which session.
template <typename RemoveParts>
Sighting in_place_of(SQLite::Statement& find_imported, SQLite::Statement& remove, Sighting sighting,
                     RemoveParts remove_parts) {
  std::vector<std::int64_t> row_ids;
  while (find_imported.executeStep()) {
    row_ids.push_back(find_imported.getColumn(0).getInt64());
    sighting.seen_ns = std::min(sighting.seen_ns, find_imported.getColumn(1).getInt64());
    if (!sighting.session && !find_imported.getColumn(2).isNull()) {
      sighting.session = column_bytes(find_imported, 2);
    }
  }
  find_imported.reset();
  for (const std::int64_t row_id : row_ids) {
    remove_parts(row_id);
    remove.reset();
    remove.bind(1, row_id);
    remove.exec();
  }
  return sighting;
}

}  // namespace

std::string observation_id(const ArchiveRoot& root, const std::string& run_dir,
                           const std::string& job, const std::string& file_name,
                           const std::string& what) {
  std::string text = root.project;
  const std::string place = root.origin.empty() ? root.path : "";
  for (const std::string* part : {&place, &run_dir, &job, &file_name, &what}) {
    text.append(1, '\0').append(*part);
  }
  return content_id(text);
}

/// Dumps of one bug can be alike byte for byte, and each is one session's.
std::string identity_of_dump(const std::string& id, std::int64_t size_bytes,
                             std::int64_t mtime_ns) {
  return (id.empty() ? std::to_string(size_bytes) : id) + ":" + std::to_string(mtime_ns);
}

std::string ArchiveTables::observation_id_in(const Sighting& sighting, const ArchiveRoot& root,
                                             const std::string& file_name,
                                             const std::string& what) {
  SQLite::Statement& select = statements_->find_place.fresh();
  select.bind(1, sighting.directory_id);
  std::string run_dir;
  std::string job;
  if (select.executeStep()) {
    run_dir = column_bytes(select, 0);
    job = column_bytes(select, 1);
  }
  select.reset();
  return observation_id(root, run_dir, job, file_name, what);
}

bool ArchiveTables::has_sidecar(std::int64_t directory_id, const std::string& file_name,
                                const std::string& id) {
  SQLite::Statement& find = statements_->find_sidecar.fresh();
  find.bind(1, directory_id);
  find.bind(2, file_name);
  find.bind(3, id);
  const bool is_here = find.executeStep();
  find.reset();
  return is_here;
}

bool ArchiveTables::has_observation(const std::string& root_path, const std::string& run_dir,
                                    const std::string& job, const std::string& file_name,
                                    const std::string& id) {
  SQLite::Statement& find = statements_->find_observation.fresh();
  find.bind(1, id);
  find.bind(2, file_name);
  find.bind(3, run_dir);
  find.bind(4, job);
  find.bind(5, root_path);
  const bool is_here = find.executeStep();
  find.reset();
  return is_here;
}

Sighting ArchiveTables::in_place_of_sidecar(const Sighting& seen, const std::string& observation,
                                            const PreparedFile& file) {
  SQLite::Statement& imported = statements_->imported_sidecar.fresh();
  imported.bind(1, observation);
  imported.bind(2, seen.directory_id);
  imported.bind(3, file.file_name);
  imported.bind(4, file.content_id);
  return in_place_of(imported, statements_->remove_sidecar.fresh(), seen,
                     [&](std::int64_t row_id) { records_.remove_children(row_id); });
}

bool ArchiveTables::put_sidecar(const Sighting& seen, const ArchiveRoot& root,
                                const PreparedFile& file) {
  SQLite::Statement& find = statements_->find_sidecar.fresh();
  find.bind(1, seen.directory_id);
  find.bind(2, file.file_name);
  find.bind(3, file.content_id);
  const bool is_here = find.executeStep();
  const std::int64_t known = is_here ? find.getColumn(0).getInt64() : 0;
  const bool has_ended = is_here && find.getColumn(1).getInt() != 0;
  find.reset();
  if (has_ended) {
    SQLite::Statement& reopen = statements_->reopen_sidecar.fresh();
    reopen.bind(1, known);
    reopen.exec();
  }
  if (is_here) return false;
  const std::string observation = observation_id_in(seen, root, file.file_name, file.content_id);
  const Sighting sighting = in_place_of_sidecar(seen, observation, file);
  const std::int64_t host =
      file.record && file.record->host ? records_.host_id(*file.record->host) : 0;
  SQLite::Statement& put = statements_->put_sidecar.fresh();
  put.bind(1, observation);
  put.bind(2, sighting.directory_id);
  put.bindNoCopy(3, file.file_name);
  put.bindNoCopy(4, file.content_id);
  put.bind(5, file.stamp ? file.stamp->stamp.size_bytes : 0);
  if (file.stamp) put.bind(6, file.stamp->stamp.mtime_ns);
  put.bind(7, file.is_symlink ? 1 : 0);
  put.bindNoCopy(8, file.status);
  bind_optional(put, 9, file.error_class);
  bind_optional(put, 10, file.error);
  bind_optional(put, 11, file.file_hash);
  bind_optional(put, 12, sighting.session);
  put.bind(13, sighting.seen_ns);
  if (host != 0) put.bind(14, host);
  if (file.record) {
    int index = 14;
    for (const Value& value : file.record->columns) bind_borrowed(put, ++index, value);
  }
  put.exec();
  if (file.record) records_.put_children(database_.getLastInsertRowid(), *file.record);
  return true;
}

std::vector<StandingObservation> ArchiveTables::standing_sidecars(std::int64_t root_id) {
  return read_standing(statements_->standing_sidecars.fresh(), root_id);
}

void ArchiveTables::end_sidecar(std::int64_t sidecar_id, std::int64_t ended_ns, Ending ending) {
  end_row(statements_->end_sidecar.fresh(), sidecar_id, ended_ns, ending);
}

void ArchiveTables::end_sidecar_named(std::int64_t directory_id, const std::string& file_name,
                                      std::int64_t ended_ns, Ending ending) {
  SQLite::Statement& find = statements_->standing_named.fresh();
  find.bind(1, directory_id);
  find.bind(2, file_name);
  std::vector<std::int64_t> ids;
  while (find.executeStep()) ids.push_back(find.getColumn(0).getInt64());
  find.reset();
  for (const std::int64_t id : ids) end_sidecar(id, ended_ns, ending);
}

bool ArchiveTables::has_artifact(std::int64_t directory_id, const ArtifactRow& artifact) {
  SQLite::Statement& find = statements_->find_artifact.fresh();
  find.bind(1, directory_id);
  find.bind(2, artifact.file_name);
  find.bind(3, artifact.size_bytes);
  find.bind(4, artifact.mtime_ns);
  const bool is_here = find.executeStep() && find.getColumn(1).getInt() == 0;
  find.reset();
  return is_here;
}

Sighting ArchiveTables::in_place_of_artifact(const Sighting& seen, const std::string& observation,
                                             const KeptArtifact& artifact) {
  SQLite::Statement& imported = statements_->imported_artifact.fresh();
  imported.bind(1, observation);
  imported.bind(2, seen.directory_id);
  imported.bind(3, artifact.row.file_name);
  imported.bind(4, artifact.row.size_bytes);
  imported.bind(5, artifact.row.mtime_ns);
  imported.bind(6, artifact.id.empty() ? 0 : 1);
  return in_place_of(imported, statements_->remove_artifact.fresh(), seen, [](std::int64_t) {});
}

void ArchiveTables::put_artifact(const Sighting& seen, const ArchiveRoot& root,
                                 const KeptArtifact& artifact) {
  const ArtifactRow& row = artifact.row;
  const std::string observation = observation_id_in(
      seen, root, row.file_name, identity_of_dump(artifact.id, row.size_bytes, row.mtime_ns));
  const Sighting sighting = in_place_of_artifact(seen, observation, artifact);
  SQLite::Statement& put = statements_->put_artifact.fresh();
  put.bind(1, observation);
  put.bind(2, sighting.directory_id);
  put.bind(3, row.file_name);
  put.bind(4, row.kind);
  put.bind(5, row.test_name);
  bind_optional(put, 6, row.file_hash);
  put.bind(7, row.size_bytes);
  put.bind(8, row.mtime_ns);
  put.bind(9, row.is_symlink ? 1 : 0);
  if (!artifact.id.empty()) put.bind(10, artifact.id);
  if (!artifact.not_kept.empty()) put.bind(11, artifact.not_kept);
  bind_optional(put, 12, sighting.session);
  put.bind(13, sighting.seen_ns);
  put.exec();
}

std::vector<StandingObservation> ArchiveTables::standing_artifacts(std::int64_t root_id) {
  return read_standing(statements_->standing_artifacts.fresh(), root_id);
}

void ArchiveTables::end_artifact(std::int64_t artifact_id, std::int64_t ended_ns, Ending ending) {
  end_row(statements_->end_artifact.fresh(), artifact_id, ended_ns, ending);
}

SharedArchive::SharedArchive(ArchiveMirrorOptions options) : options_(std::move(options)) {}

std::optional<SharedArchive::Standing> SharedArchive::read(const FileChange& change) const {
  auto place = sidecar_place(options_.root, change.path);
  if (!place) return std::nullopt;
  auto handle = options_.file_system->open_file(change.path);
  if (!handle) return std::nullopt;
  const auto status = (*handle)->status();
  if (!status || status->kind != FileKind::regular) return std::nullopt;
  auto bytes = (*handle)->read_all(ReadLimits{}.max_file_bytes);
  if (!bytes) return std::nullopt;
  Standing standing{std::move(*place), std::nullopt, {}, std::move(*bytes), {}};
  standing.file.file_name = standing.place.file_name;
  standing.file.stamp = KnownStamp{status->stamp, false};
  standing.file.content_id = content_id(standing.bytes);
  if (standing.place.job.empty()) {
    const std::string directory = change.path.substr(0, change.path.rfind('/'));
    const auto opened = options_.file_system->open_directory(directory);
    if (opened) standing.session = read_session_sentinel(**opened).value_or(std::nullopt);
  }
  return standing;
}

SharedArchive::Remark SharedArchive::keep(std::span<const FileChange> files) {
  if (is_off_) return std::nullopt;
  std::vector<Standing> standing;
  for (const FileChange& change : files) {
    if (auto found = read(change)) standing.push_back(std::move(*found));
  }
  if (standing.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  auto stored = store(standing);
  if (!stored && stored.error().code == ErrorCode::corrupt && archive_) {
    stored =
        archive_->replace_damaged(stored.error().message, *options_.file_system, *options_.clock);
    if (stored) stored = store(standing);
  }
  if (!stored) return give_up(stored.error());
  if (auto loss = take_loss()) return loss;
  if (!archive_ || !archive_->is_new() || std::exchange(is_announced_, true)) return std::nullopt;
  return archive_announcement(archive_->path());
}

/// What opening the archive, or mending it, had to say of lost evidence, each once.
SharedArchive::Remark SharedArchive::take_loss() {
  while (archive_ && seen_warnings_ < archive_->warnings().size()) {
    const Warning& warning = archive_->warnings()[seen_warnings_++];
    if (warning.is_loss) return warning.text;
  }
  return std::nullopt;
}

/// Before the transaction: what is there already needs none.
Result<void> SharedArchive::store(std::vector<Standing>& files) {
  return guarded(options_.archive.path, [&]() -> Result<void> {
    if (auto opened = ensure_open(); !opened) return opened;
    ArchiveTables& tables = archive_->tables();
    std::vector<const Standing*> missing;
    for (Standing& standing : files) {
      const auto size = static_cast<std::int64_t>(standing.bytes.size());
      const SidecarPlace& place = standing.place;
      if (tables.has_document(standing.file.content_id, size) &&
          tables.has_observation(options_.root, place.run_dir, place.job, place.file_name,
                                 standing.file.content_id)) {
        continue;
      }
      if (prepare(standing)) missing.push_back(&standing);
    }
    if (missing.empty()) return {};
    tables.records().forget_cached_ids();
    ImmediateTransaction transaction(archive_->database());
    for (const Standing* const standing : missing) put(*standing);
    transaction.commit();
    return {};
  });
}

/// Before the transaction, too: others may be waiting for theirs. False: it is not for this
/// archive.
bool SharedArchive::prepare(Standing& standing) const {
  PreparedFile& file = standing.file;
  if (!standing.document.frame.empty()) return true;  // a second try
  set_file_hash(file);
  decode_into(file, standing.bytes);
  const bool is_sample = file.record && file.record->is_synthetic;
  if (is_sample && !options_.archive.is_named) return false;
  standing.document = pack_document(standing.bytes, file.content_id, DocumentKind::sidecar);
  return true;
}

void SharedArchive::put(const Standing& standing) {
  const PreparedFile& file = standing.file;
  ArchiveTables& tables = archive_->tables();
  const std::int64_t now_ns = options_.clock->now_ns();
  const std::int64_t root_id = tables.root_id(*root_);
  const std::int64_t directory =
      tables.directory_id(root_id, standing.place.run_dir, standing.place.job);
  tables.put_document(standing.document, now_ns);
  (void)tables.put_sidecar({directory, standing.session, now_ns}, *root_, file);
  // It is about to go; a refresh that finds it standing all the same takes that back.
  tables.end_sidecar_named(directory, file.file_name, now_ns, Ending::superseded);
}

Result<void> SharedArchive::ensure_open() {
  if (archive_) return {};
  auto opened = Archive::open(options_.archive, *options_.file_system, *options_.clock);
  if (!opened) return fail(std::move(opened.error()));
  auto project = opened->tables().project_for(options_.root);
  if (!project) return fail(std::move(project.error()));
  archive_.emplace(std::move(*opened));
  seen_warnings_ = 0;
  root_ = ArchiveRoot{options_.root, std::move(*project), ""};
  return {};
}

/// A lock that others hold, or a full disk, may be over the next time. All else stays as it is, and
/// would cost every write its time.
SharedArchive::Remark SharedArchive::give_up(const Error& error) {
  if (error.code != ErrorCode::busy && error.code != ErrorCode::io) {
    is_off_ = true;
    archive_.reset();
  }
  if (std::exchange(has_complained_, true)) return std::nullopt;
  return "can't keep results that are about to be replaced (" + error.text() + ")" +
         (error.hint.empty() ? "" : "; " + error.hint);
}

ArchiveMirror::ArchiveMirror(SharedArchive& archive, MessageSink sink)
    : archive_(archive), sink_(std::move(sink)) {}

// What is thrown here is a lack of memory, or comes from the sink: no reason to fail a write.
void ArchiveMirror::about_to_remove(std::span<const FileChange> files) noexcept {
  try {
    const auto remark = archive_.keep(files);
    if (remark && sink_) sink_("ktstr-index: " + *remark);
  } catch (...) {
  }
}

void ArchiveMirror::removed(std::span<const FileChange> /*files*/) noexcept {}
void ArchiveMirror::written(const FileChange& /*file*/) noexcept {}
void ArchiveMirror::rewritten(const FileChange& /*file*/) noexcept {}

}  // namespace ktstr
