// SPDX-License-Identifier: MIT
#include "library/import.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "archive/merge.hpp"
#include "archive/tables.hpp"
#include "base/hashing.hpp"
#include "base/safe_open.hpp"
#include "base/visible_text.hpp"
#include "catalog/read_sidecar.hpp"
#include "database/connection.hpp"
#include "database/open_database.hpp"

namespace ktstr {
namespace {

constexpr const char* k_project = "path:--in";

Result<void> gather(Archive& archive, const std::vector<std::string>& paths,
                    const OpenIndexOptions& options, const std::function<bool()>& should_stop,
                    std::vector<std::string>& notes, bool& is_partial) {
  for (const std::string& path : paths) {
    ImportRequest request;
    request.path = path;
    request.project = k_project;
    request.max_file_bytes = options.limits.max_file_bytes;
    request.max_dump_bytes = request.max_file_bytes;
    request.should_stop = should_stop;
    ImportReport report = import_path(archive, request, *options.clock);
    for (std::string& note : notes_of(report)) notes.push_back(std::move(note));
    is_partial = is_partial || report.is_partial();
    if (report.failure) return fail(std::move(*report.failure));
  }
  return {};
}

/// One file without a log, so that it can be read after its name is gone.
Result<void> make_temporary_archive(const std::string& file, const std::vector<std::string>& paths,
                                    const OpenIndexOptions& options,
                                    const std::function<bool()>& should_stop,
                                    std::vector<std::string>& notes, bool& is_partial) {
  ArchiveOptions archive_options;
  archive_options.path = file;
  archive_options.is_named = true;
  auto archive = Archive::open(archive_options, *options.file_system, *options.clock);
  if (!archive) return fail(std::move(archive.error()));
  return guarded(file, [&]() -> Result<void> {
    archive->database().exec("PRAGMA synchronous = OFF");
    auto gathered = gather(*archive, paths, options, should_stop, notes, is_partial);
    if (gathered) archive->database().exec("PRAGMA journal_mode = DELETE");
    return gathered;
  });
}

// What reads the catalog's tables finds the archive's under their names: of each file what stood
// there last.
constexpr const char* k_tables[] = {
    "CREATE TEMP VIEW directory AS SELECT d.*, (SELECT max(t.mtime_ns) FROM past.sidecar t WHERE "
    "t.directory_id = d.directory_id) AS entry_mtime_ns FROM past.directory d",
    "CREATE TEMP VIEW sidecar AS SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY "
    "directory_id, file_name ORDER BY ended_ns IS NULL DESC, ended_ns DESC, first_seen_ns DESC, "
    "sidecar_id DESC) AS newness FROM past.sidecar) WHERE newness = 1",
    "CREATE TEMP VIEW host AS SELECT * FROM past.host",
};

Result<void> make_views(SQLite::Database& database) {
  if (auto made = make_over_views(database, Over::past, PastScope{}); !made) return made;
  return guarded(database.getFilename(), [&] {
    for (const char* sql : k_tables) database.exec(sql);
    // "@last" is one of this root, and here all roots are meant. The catalog is in memory only.
    database.exec("DELETE FROM main.setting WHERE key = 'root'");
  });
}

/// Stands where messages name a root.
std::string described(const std::vector<std::string>& paths) {
  std::string text = paths.front();
  if (paths.size() > 1) text += " and " + std::to_string(paths.size() - 1) + " more";
  return text + " (--in)";
}

}  // namespace

Result<GatheredArchive> gather_archive(const std::vector<std::string>& paths,
                                       const OpenIndexOptions& options,
                                       const std::function<bool()>& should_stop,
                                       std::vector<std::string>& notes) {
  auto directory = TemporaryDirectory::make(options.variables);
  if (!directory) return fail(std::move(directory.error()));
  const std::string file = directory->path() + "/archive.sqlite3";
  bool is_partial = false;
  auto made = make_temporary_archive(file, paths, options, should_stop, notes, is_partial);
  if (!made) return fail(std::move(made.error()));
  auto database = open_archive_to_read(file);
  if (!database) return fail(std::move(database.error()));
  return GatheredArchive{std::move(*directory), std::move(*database), is_partial};
}

Result<OpenIndex> open_to_look_at(const std::vector<std::string>& paths, OpenIndexOptions options,
                                  const std::function<bool()>& should_stop,
                                  std::vector<std::string>& notes) {
  const auto gathered = gather_archive(paths, options, should_stop, notes);
  if (!gathered) return fail(gathered.error());
  const std::string archive = gathered->database->getFilename();
  options.root = described(paths);
  options.is_foreign = true;
  options.may_be_missing = true;
  auto index = OpenIndex::open(options);
  if (!index) return index;
  auto attached = attach_past(index->database(), archive);
  if (attached) attached = make_views(index->database());
  if (!attached) return fail(std::move(attached.error()));
  if (gathered->is_partial) index->note_partial();
  return index;
}

namespace {

constexpr std::size_t k_named_at_most = 5;

void label_all(Archive& archive, const ImportRequest& request, const std::string& origin) {
  ImmediateTransaction transaction(archive.database());
  for (const auto& [key, value] : request.labels) {
    SQLite::Statement put(archive.database(),
                          "INSERT OR REPLACE INTO label(id, key, value) SELECT DISTINCT t.id, ?, ? "
                          "FROM sidecar t JOIN directory d USING(directory_id) JOIN runs_root r "
                          "USING(root_id) WHERE r.path = '' AND r.origin = ?");
    put.bind(1, key);
    put.bind(2, value);
    put.bind(3, origin);
    put.exec();
  }
  transaction.commit();
}

Result<void> merge(Archive& archive, const ImportRequest& request, ImportReport& report) {
  MergeOptions options;
  if (!request.project.empty()) {
    // What belongs to no known project is of that one.
    options.project_from = k_packed_project;
    options.project_to = request.project;
  }
  options.origin = report.path;
  options.progress = request.progress;
  options.should_stop = request.should_stop;
  options.committed = [&report](const MergeReport& so_far) {
    report.added = so_far.results;
    report.known = so_far.known;
    report.dumps = so_far.artifacts;
  };
  const auto merged = merge_archive(archive.database(), report.path, options);
  if (!merged) return fail(merged.error());
  return guarded(archive.path(), [&] { label_all(archive, request, report.path); });
}

Result<void> import_archive(Archive& archive, const ImportRequest& request, ImportReport& report) {
  report.is_archive = true;
  if (posix::is_same_file(archive.path(), report.path)) {
    return fail(ErrorCode::usage, "is the archive itself", request.path);
  }
  return merge(archive, request, report);
}

Result<void> import_files(Archive& archive, const ImportRequest& request, ImportReport& report,
                          const Clock& clock) {
  return guarded(archive.path(), [&]() -> Result<void> {
    ImportedFiles files(archive, request, report, clock);
    ImportOptions options;
    options.traces = request.with_traces;
    options.max_file_bytes = request.max_file_bytes;
    options.should_stop = request.should_stop;
    if (request.progress) {
      options.progress = [&](const ImportProgress& now) {
        request.progress(static_cast<std::int64_t>(now.files));
      };
    }
    auto read = read_import_source(
        report.path, options, [&](ImportedFile&& file) { return files.take(std::move(file)); });
    auto stored = files.flush();
    if (!read) return fail(std::move(read.error()));
    report.summary = std::move(*read);
    return stored;
  });
}

void note_left_out(std::vector<std::string>& notes, const std::string& path,
                   const LeftOut& left_out, const char* what) {
  if (left_out.count == 0) return;
  std::string text = path + ": " + std::to_string(left_out.count) + " " + what;
  for (std::size_t i = 0; i < left_out.first.size() && i < k_named_at_most; ++i) {
    const LeftOut::Item& item = left_out.first[i];
    text += "\n  " + escape_control(item.path) + ": " + escape_control(item.reason);
  }
  if (left_out.count > k_named_at_most) text += "\n  and more";
  notes.push_back(std::move(text));
}

/// Of an import that failed: what was committed before stays.
std::string kept_text(const ImportReport& report) {
  if (report.added + report.dumps + report.known + report.known_dumps == 0) {
    return "nothing of it was kept";
  }
  return "kept are " + std::to_string(report.added) + " new results and " +
         std::to_string(report.dumps) +
         " dumps that came before it failed; the same import again takes the rest";
}

}  // namespace

bool is_archive_file(const std::string& path) {
  const auto head = read_database_head(path);
  return head && head->is(Store::archive);
}

ImportReport import_path(Archive& archive, const ImportRequest& request, const Clock& clock) {
  ImportReport report;
  report.path = canonical_path(request.path);
  auto imported = is_archive_file(report.path) ? import_archive(archive, request, report)
                                               : import_files(archive, request, report, clock);
  if (!imported) report.failure = std::move(imported.error());
  return report;
}

Result<std::string> project_of_import(Archive& archive, OpenIndexOptions options) {
  options.may_be_missing = true;
  const auto paths = find_paths(options);
  if (!paths) return fail(paths.error());
  const std::string& root = paths->root.path;
  return guarded(archive.path(), [&] { return archive.tables().project_for(root); });
}

std::vector<std::string> notes_of(const ImportReport& report) {
  std::vector<std::string> notes;
  const ImportSummary& summary = report.summary;
  const std::string path = escape_control(report.path);
  note_left_out(notes, path, summary.refused, "refused");
  note_left_out(notes, path, summary.unreadable, "unreadable");
  note_left_out(notes, path, summary.too_deep, "in run directories deeper than 3");
  if (summary.damaged) {
    notes.push_back(path + ": damaged (" + escape_control(*summary.damaged) +
                    "); what came before that is read");
  }
  if (report.failure) notes.push_back(path + ": " + kept_text(report));
  if (report.synthetic > 0) {
    notes.push_back(path + ": " + std::to_string(report.synthetic) +
                    " files of the sample generator are not archived (name an --archive for "
                    "them)");
  }
  return notes;
}

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
