// SPDX-License-Identifier: MIT
#include "archive/catch_up.hpp"

#include "archive/keeper.hpp"
#include "archive/tables.hpp"
#include "base/hashing.hpp"
#include "catalog/refresh_planner.hpp"
#include "catalog/tables.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "record/record.hpp"

namespace ktstr {
namespace {

void read_sidecars(SQLite::Database& catalog, CatalogState& state) {
  SQLite::Statement files(
      catalog,
      "SELECT d.run_dir, d.job, d.session, s.file_name, s.id, s.is_symlink, "
      "instr(coalesce(h.kernel_cmdline, ''), ?) > 0 "
      "FROM sidecar s JOIN directory d USING(directory_id) LEFT JOIN host h USING(host_id)");
  files.bind(1, std::string(k_synthetic_mark));
  while (files.executeStep()) {
    CatalogState::Sidecar file;
    file.directory.run_dir = column_bytes(files, 0);
    file.directory.job = column_bytes(files, 1);
    file.directory.session = text_at(files, 2);
    file.id = column_bytes(files, 4);
    file.is_symlink = files.getColumn(5).getInt() != 0;
    if (files.getColumn(6).getInt() != 0) state.synthetic_run_dirs.insert(file.directory.run_dir);
    CatalogState::Place place{file.directory.run_dir, file.directory.job, column_bytes(files, 3)};
    state.sidecars.emplace(std::move(place), std::move(file));
  }
}

void read_dumps(SQLite::Database& catalog, CatalogState& state) {
  SQLite::Statement dumps(catalog,
                          "SELECT d.run_dir, d.job, d.session, a.file_name, a.kind, a.size_bytes, "
                          "a.mtime_ns, a.is_symlink FROM artifact a JOIN directory d "
                          "USING(directory_id) WHERE a.kind <> 'staging'");
  while (dumps.executeStep()) {
    DirectoryRow directory;
    directory.run_dir = column_bytes(dumps, 0);
    directory.job = column_bytes(dumps, 1);
    directory.session = text_at(dumps, 2);
    ArtifactRow row;
    row.file_name = column_bytes(dumps, 3);
    row.kind = column_bytes(dumps, 4);
    row.size_bytes = dumps.getColumn(5).getInt64();
    row.mtime_ns = dumps.getColumn(6).getInt64();
    row.is_symlink = dumps.getColumn(7).getInt() != 0;
    CatalogState::Place place{directory.run_dir, directory.job, row.file_name};
    state.dumps.emplace(std::move(place), std::pair(std::move(directory), std::move(row)));
  }
}

}  // namespace

CatalogState read_catalog_state(SQLite::Database& catalog) {
  CatalogState state;
  read_sidecars(catalog, state);
  read_dumps(catalog, state);
  return state;
}

// The second half of ArchiveKeeper: what the archive learns from a fresh catalog.

namespace {

// Who else writes to the archive waits no longer than for these.
constexpr std::size_t k_files_at_once = 64;

CatalogState::Place place_of(const StandingObservation& standing) {
  return {standing.run_dir, standing.job, standing.file_name};
}

}  // namespace

KeepReport ArchiveKeeper::finish(SQLite::Database& catalog) {
  auto state = guarded(catalog.getFilename(), [&] { return read_catalog_state(catalog); });
  if (!state) {
    note_failure(state.error());
    return report_;
  }
  const bool is_there =
      archive_ || file_system_.status(archive_options_.path, FollowLinks::yes).has_value();
  if (is_there) transact([&] { settle(*state); });
  catch_up(*state);
  keep_dumps(*state);
  if (!archive_) return report_;
  transact([&] {
    if (options_.session) put_session();
    archive_->tables().set_root_seen(root_id_, clock_.now_ns());
  });
  const auto synced = guarded(archive_->path(), [&] { archive_->sync(); });
  if (!synced) note_failure(synced.error());
  return report_;
}

/// Some of its results were kept by their writers, when others replaced them.
void ArchiveKeeper::put_session() {
  archive_->tables().put_session(*options_.session, root_->project);
  for (const auto& [key, value] : options_.labels) {
    archive_->tables().label_session(root_id_, options_.session->session, key, value);
  }
}

/// What no longer stands has ended; what the archive has is taken out of `state`. A file that can't
/// be read just now still stands.
void ArchiveKeeper::settle(CatalogState& state) {
  const std::int64_t now_ns = clock_.now_ns();
  settle_sidecars(state, now_ns);
  settle_dumps(state, now_ns);
}

void ArchiveKeeper::settle_sidecars(CatalogState& state, std::int64_t now_ns) {
  std::vector<CatalogState::Place> known;
  for (const StandingObservation& standing : archive_->tables().standing_sidecars(root_id_)) {
    const auto found = state.sidecars.find(place_of(standing));
    if (found == state.sidecars.end()) {
      archive_->tables().end_sidecar(standing.row_id, now_ns, Ending::vanished);
      ++report_.vanished;
    } else if (found->second.id == standing.id) {
      known.push_back(found->first);
    } else if (!found->second.id.empty()) {
      archive_->tables().end_sidecar(standing.row_id, now_ns, Ending::superseded);
      ++report_.superseded;
    }
  }
  // Only now: a version that came back has another one of the same name to be ended.
  for (const CatalogState::Place& place : known) state.sidecars.erase(place);
}

/// Reads again what the archive lacks, some files at a time.
void ArchiveKeeper::catch_up(const CatalogState& state) {
  std::vector<FoundSidecar> found;
  for (const auto& [place, file] : state.sidecars) {
    const bool is_sample = state.synthetic_run_dirs.contains(file.directory.run_dir);
    if (file.id.empty() || (is_sample && !archive_options_.is_named)) continue;
    auto read = read_again(file, std::get<2>(place));
    if (!read || is_refused(file.directory.run_dir, read->file)) continue;
    found.push_back({&file.directory, std::move(*read)});
    if (found.size() >= k_files_at_once) keep_found(found);
    if (report_.failure) return;
  }
  keep_found(found);
}

std::optional<ReadSidecar> ArchiveKeeper::read_again(const CatalogState::Sidecar& sidecar,
                                                     const std::string& file_name) const {
  auto directory =
      file_system_.open_directory(join_path(options_.root, relative_path(sidecar.directory, "")));
  if (!directory) return std::nullopt;
  ReadLimits limits;
  limits.max_file_bytes = options_.most_file_bytes;
  ReadSidecar read = read_sidecar({std::move(*directory), file_name, sidecar.is_symlink, ""},
                                  limits, true, clock_);
  if (read.vanished || !read.document) return std::nullopt;
  return read;
}

void ArchiveKeeper::keep_found(std::vector<FoundSidecar>& found) {
  if (found.empty()) return;
  const std::int64_t now_ns = clock_.now_ns();
  transact([&] {
    for (const FoundSidecar& each : found) {
      put_whole([&] { keep(*each.directory, each.read.file, *each.read.document, now_ns); });
    }
  });
  found.clear();
}

void ArchiveKeeper::settle_dumps(CatalogState& state, std::int64_t now_ns) {
  for (const StandingObservation& standing : archive_->tables().standing_artifacts(root_id_)) {
    const auto found = state.dumps.find(place_of(standing));
    if (found == state.dumps.end()) {
      archive_->tables().end_artifact(standing.row_id, now_ns, Ending::vanished);
    } else if (found->second.second.size_bytes == standing.size_bytes &&
               found->second.second.mtime_ns == standing.mtime_ns) {
      state.dumps.erase(found);
    } else {
      archive_->tables().end_artifact(standing.row_id, now_ns, Ending::superseded);
    }
  }
}

void ArchiveKeeper::keep_dumps(const CatalogState& state) {
  for (const auto& [place, dump] : state.dumps) {
    const bool is_sample = state.synthetic_run_dirs.contains(dump.first.run_dir);
    if (report_.failure || (is_sample && !archive_options_.is_named)) continue;
    if (!is_trace(dump.second.kind) || options_.with_traces) keep_dump(dump.first, dump.second);
  }
}

void ArchiveKeeper::keep_dump(const DirectoryRow& directory, const ArtifactRow& dump) {
  KeptArtifact kept{dump, "", ""};
  set_dump_name(kept.row);
  std::optional<PackedDocument> document;
  if (dump.size_bytes <= options_.most_dump_bytes) {
    auto bytes =
        read(directory, dump.file_name, static_cast<std::uint64_t>(options_.most_dump_bytes));
    if (!bytes && bytes.error().code == ErrorCode::not_found) return;
    if (!bytes && bytes.error().code == ErrorCode::busy) {
      ++report_.dumps_left;  // and nothing is put down: another time it can be read
      return;
    }
    if (bytes) {
      kept.id = content_id(*bytes);
      document = pack_document(*bytes, kept.id, document_kind(dump.kind));
    } else {
      kept.not_kept = bytes.error().message;
    }
  }
  transact([&] {
    put_whole([&] { put_dump(directory, kept, document ? &*document : nullptr, clock_.now_ns()); });
  });
}

Result<std::string> ArchiveKeeper::read(const DirectoryRow& directory, const std::string& file_name,
                                        std::uint64_t most) const {
  auto file = file_system_.open_file(join_path(options_.root, relative_path(directory, file_name)));
  if (!file) return fail(std::move(file.error()));
  return (*file)->read_all(most);
}

}  // namespace ktstr
