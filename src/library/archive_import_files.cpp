// SPDX-License-Identifier: MIT
#include "library/archive_import_files.hpp"

#include <algorithm>
#include <utility>

#include "base/hashing.hpp"
#include "catalog/archive_dump.hpp"
#include "catalog/read_sidecar.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_files_at_once = 128;
constexpr std::size_t k_bytes_at_once = 32 << 20;

// Under any root: the same file may have been seen where it was written.
constexpr const char* k_find_sidecar =
    "SELECT 1 FROM sidecar t JOIN directory d USING(directory_id) WHERE t.id = ? AND t.file_name = "
    "? AND d.run_dir = ? AND d.job = ?";
constexpr const char* k_find_dump =
    "SELECT 1 FROM artifact t JOIN directory d USING(directory_id) WHERE t.id = ? AND t.file_name "
    "= ? AND d.run_dir = ? AND d.job = ?";
constexpr const char* k_end_sidecar =
    "UPDATE sidecar SET ended_ns = ?1, last_seen_ns = ?1 WHERE directory_id = ?2 AND file_name = "
    "?3 AND id = ?4";
constexpr const char* k_end_dump =
    "UPDATE artifact SET ended_ns = ?1, last_seen_ns = ?1 WHERE directory_id = ?2 AND file_name = "
    "?3 AND size_bytes = ?4 AND mtime_ns = ?5";

void end_it(SQLite::Statement& end, const std::vector<Value>& values) {
  end.reset();
  int index = 0;
  for (const Value& value : values) bind_value(end, ++index, value);
  end.exec();
}

}  // namespace

ImportedFiles::ImportedFiles(Archive& archive, const ImportRequest& request, ImportReport& report,
                             const Clock& clock)
    : archive_(archive),
      request_(request),
      report_(report),
      clock_(clock),
      root_{"", request.project, report.path},
      imported_ns_(clock.now_ns()),
      samples_(archive.is_named()),
      find_sidecar_(archive.database(), k_find_sidecar),
      find_dump_(archive.database(), k_find_dump),
      end_sidecar_(archive.database(), k_end_sidecar),
      end_dump_(archive.database(), k_end_dump) {}

Result<void> ImportedFiles::take(ImportedFile&& file) {
  waiting_bytes_ += file.bytes.size();
  waiting_.push_back(prepare(file));
  if (waiting_.size() < k_files_at_once && waiting_bytes_ < k_bytes_at_once) return {};
  return flush();
}

Result<void> ImportedFiles::flush() {
  if (waiting_.empty()) return {};
  // Decoded ones first: they say which directories are the sample generator's.
  std::stable_partition(waiting_.begin(), waiting_.end(), [](const Waiting& file) {
    return file.sidecar && file.sidecar->record.has_value();
  });
  const ImportReport before = report_;
  auto stored = guarded(archive_.path(), [&] {
    archive_.tables().records().forget_cached_ids();
    ImmediateTransaction transaction(archive_.database());
    store_waiting();
    transaction.commit();
  });
  if (!stored) report_ = before;  // nothing of these was kept
  waiting_.clear();
  waiting_bytes_ = 0;
  return stored;
}

ImportedFiles::Waiting ImportedFiles::prepare(const ImportedFile& file) const {
  Waiting waiting;
  waiting.run_dir = file.run_dir;
  waiting.job = file.job;
  waiting.session = file.session;
  waiting.mtime_ns = file.mtime_ns != 0 ? file.mtime_ns : clock_.now_ns();
  DocumentKind kind = DocumentKind::sidecar;
  if (file.kind == ImportKind::sidecar) {
    waiting.sidecar = prepare_sidecar(file.file_name, waiting.mtime_ns, file.bytes);
  } else {
    waiting.dump = prepare_dump(file, waiting.mtime_ns);
    kind = file.kind == ImportKind::trace ? DocumentKind::wprof : DocumentKind::failure_dump;
  }
  const std::string& id = waiting.sidecar ? waiting.sidecar->content_id : waiting.dump->id;
  if (!id.empty()) waiting.document = pack_document(file.bytes, id, kind);
  return waiting;
}

KeptArtifact ImportedFiles::prepare_dump(const ImportedFile& file, std::int64_t mtime_ns) const {
  KeptArtifact dump;
  dump.row = dump_row(file.file_name, static_cast<std::int64_t>(file.bytes.size()), mtime_ns);
  if (file.kind == ImportKind::failure_dump && file.bytes.size() > request_.max_dump_bytes) {
    dump.not_kept = too_large_text(static_cast<std::int64_t>(request_.max_dump_bytes));
  } else {
    dump.id = content_id(file.bytes);
  }
  return dump;
}

/// As a refresh does: nobody's history gets what was never measured, unless he names an archive.
bool ImportedFiles::is_refused(const Waiting& file) {
  const bool is_decoded = file.sidecar && file.sidecar->record;
  const bool is_refused =
      samples_.refuses(file.run_dir, is_decoded ? &*file.sidecar->record : nullptr);
  if (is_refused) ++report_.synthetic;
  return is_refused;
}

bool ImportedFiles::is_known(SQLite::Statement& find, const Waiting& file,
                             const std::string& file_name, const std::string& id) {
  find.reset();
  find.bind(1, id);
  find.bind(2, file_name);
  find.bind(3, file.run_dir);
  find.bind(4, file.job);
  const bool is_here = find.executeStep();
  find.reset();
  return is_here;
}

void ImportedFiles::store_waiting() {
  // Not before there is something: an import of nothing leaves nothing.
  root_id_ = 0;
  for (const Waiting& file : waiting_) {
    if (is_refused(file)) continue;
    file.sidecar ? store_sidecar(file) : store_dump(file);
  }
}

/// One moment for all, so that what was brought along together is known to have stood together.
std::int64_t ImportedFiles::end_of(const Waiting& file) const {
  return std::max(imported_ns_, file.mtime_ns + 1);
}

void ImportedFiles::store_sidecar(const Waiting& file) {
  ArchiveTables& tables = archive_.tables();
  const PreparedFile& sidecar = *file.sidecar;
  tables.put_document(*file.document, file.mtime_ns);
  for (const auto& [key, value] : request_.labels) {
    tables.put_label(sidecar.content_id, key, value);
  }
  if (is_known(find_sidecar_, file, sidecar.file_name, sidecar.content_id)) {
    ++report_.known;
    return;
  }
  if (root_id_ == 0) root_id_ = tables.root_id(root_);
  const std::int64_t directory = tables.directory_id(root_id_, file.run_dir, file.job);
  const Sighting sighting{directory, file.session, file.mtime_ns};
  if (!tables.put_sidecar(sighting, root_, sidecar)) return;
  end_it(end_sidecar_, {end_of(file), directory, sidecar.file_name, sidecar.content_id});
  ++report_.added;
}

void ImportedFiles::store_dump(const Waiting& file) {
  ArchiveTables& tables = archive_.tables();
  const KeptArtifact& dump = *file.dump;
  if (file.document) tables.put_document(*file.document, file.mtime_ns);
  if (file.document && is_known(find_dump_, file, dump.row.file_name, dump.id)) {
    ++report_.known_dumps;
    return;
  }
  if (root_id_ == 0) root_id_ = tables.root_id(root_);
  const std::int64_t directory = tables.directory_id(root_id_, file.run_dir, file.job);
  tables.put_artifact({directory, file.session, file.mtime_ns}, root_, dump);
  end_it(end_dump_,
         {end_of(file), directory, dump.row.file_name, dump.row.size_bytes, dump.row.mtime_ns});
  ++report_.dumps;
}

}  // namespace ktstr
