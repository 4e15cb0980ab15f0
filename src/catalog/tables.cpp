// SPDX-License-Identifier: MIT
#include "catalog/tables.hpp"

#include <utility>
#include <vector>

#include "catalog/refresh_planner.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"

namespace ktstr {
namespace {

/// A part of a path that means itself.
bool is_plain(const std::string& name) { return !name.empty() && name != "." && name != ".."; }

/// The run directory, and perhaps a job directory in it, that `directory` is by its name. A link to
/// a run directory is one under its own name, as for a refresh, so only what is above it is
/// resolved.
std::vector<std::string> names_below(const std::string& root, const std::string& directory) {
  std::vector<std::string> names;
  std::string above = directory;
  while (names.size() < 2) {
    const std::size_t slash = above.rfind('/');
    if (slash == std::string::npos || !is_plain(above.substr(slash + 1))) break;
    names.insert(names.begin(), above.substr(slash + 1));
    above.resize(slash);
    if (above == root || canonical_path(above) == root) return names;
  }
  return {};
}

}  // namespace

std::optional<SidecarPlace> sidecar_place(const std::string& root, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const bool is_bare = slash == std::string::npos;
  SidecarPlace place;
  place.file_name = is_bare ? path : path.substr(slash + 1);
  if (!is_sidecar_filename(place.file_name)) return std::nullopt;
  const std::string directory = is_bare ? "." : path.substr(0, slash);
  auto names = names_below(root, directory);
  if (names.empty()) names = names_below(root, canonical_path(directory));
  if (names.empty() || names.front() == k_index_directory_name) return std::nullopt;
  place.run_dir = std::move(names.front());
  if (names.size() > 1) place.job = std::move(names.back());
  return place;
}

struct CatalogTables::Statements {
  explicit Statements(SQLite::Database& db);

  // Directories and artifacts.
  LazyStatement directories, find_directory, directory_by_id, put_directory, remove_directory,
      artifacts, put_artifact, remove_artifacts;
  // Files.
  LazyStatement files, find_file, put_file, repair_stamp, remove_file;
};

CatalogTables::CatalogTables(SQLite::Database& database)
    : database_(database),
      statements_(std::make_unique<Statements>(database)),
      settings_(database),
      records_(database) {}

CatalogTables::~CatalogTables() = default;

std::vector<DirectoryRow> CatalogTables::directories() {
  SQLite::Statement& select = statements_->directories.fresh();
  std::vector<DirectoryRow> rows;
  while (select.executeStep()) {
    DirectoryRow row;
    row.directory_id = select.getColumn(0).getInt64();
    row.run_dir = column_bytes(select, 1);
    row.job = column_bytes(select, 2);
    row.known = stamp_at(select, 3);
    if (!select.getColumn(9).isNull()) row.entry_mtime_ns = select.getColumn(9).getInt64();
    row.has_links = select.getColumn(10).getInt() != 0;
    row.session = text_at(select, 11);
    row.error = text_at(select, 12);
    rows.push_back(std::move(row));
  }
  select.reset();
  return rows;
}

std::vector<ArtifactRow> CatalogTables::artifacts(std::int64_t directory_id) {
  SQLite::Statement& select = statements_->artifacts.fresh();
  select.bind(1, directory_id);
  std::vector<ArtifactRow> rows;
  while (select.executeStep()) {
    rows.push_back({column_bytes(select, 0), column_bytes(select, 1), column_bytes(select, 2),
                    text_at(select, 3), select.getColumn(4).getInt64(),
                    select.getColumn(5).getInt64(), select.getColumn(6).getInt() != 0});
  }
  select.reset();
  return rows;
}

std::int64_t CatalogTables::find_directory(const std::string& run_dir, const std::string& job) {
  SQLite::Statement& find = statements_->find_directory.fresh();
  find.bind(1, run_dir);
  find.bind(2, job);
  const std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  return id;
}

std::int64_t CatalogTables::put_directory(const DirectoryRow& row) {
  SQLite::Statement& put = statements_->put_directory.fresh();
  put.bind(1, row.run_dir);
  put.bind(2, row.job);
  bind_stamp(put, 3, row.known);
  if (row.entry_mtime_ns) put.bind(9, *row.entry_mtime_ns);
  put.bind(10, row.has_links ? 1 : 0);
  bind_optional(put, 11, row.session);
  bind_optional(put, 12, row.error);
  put.executeStep();
  const std::int64_t id = put.getColumn(0).getInt64();
  put.reset();
  return id;
}

RowWrite CatalogTables::remove_directory(const DirectoryRow& expected) {
  SQLite::Statement& find = statements_->directory_by_id.fresh();
  find.bind(1, expected.directory_id);
  find.bind(2, expected.run_dir);
  find.bind(3, expected.job);
  if (!find.executeStep()) return RowWrite::not_needed;
  const bool is_expected = is_same_stamp(stamp_at(find, 0), expected.known);
  find.reset();
  if (!is_expected) return RowWrite::refused;
  for (const FileRow& file : files(expected.directory_id)) delete_file(file.sidecar_id);
  replace_artifacts(expected.directory_id, {});
  SQLite::Statement& remove = statements_->remove_directory.fresh();
  remove.bind(1, expected.directory_id);
  remove.exec();
  return RowWrite::done;
}

void CatalogTables::replace_artifacts(std::int64_t directory_id,
                                      const std::vector<ArtifactRow>& artifacts) {
  SQLite::Statement& remove = statements_->remove_artifacts.fresh();
  remove.bind(1, directory_id);
  remove.exec();
  for (const ArtifactRow& artifact : artifacts) {
    SQLite::Statement& put = statements_->put_artifact.fresh();
    put.bind(1, directory_id);
    put.bind(2, artifact.file_name);
    put.bind(3, artifact.kind);
    put.bind(4, artifact.test_name);
    bind_optional(put, 5, artifact.file_hash);
    put.bind(6, artifact.size_bytes);
    put.bind(7, artifact.mtime_ns);
    put.bind(8, artifact.is_symlink ? 1 : 0);
    put.exec();
  }
}

void CatalogTables::forget_stamps() {
  database_.exec("UPDATE sidecar SET device = NULL");
  database_.exec("UPDATE directory SET device = NULL");
}

// Files of CatalogTables.

const std::vector<std::string>& file_columns() {
  static const std::vector<std::string> names = {
      "sidecar_id", "directory_id", "file_name", "device",     "inode",  "size_bytes",
      "mtime_ns",   "ctime_ns",     "settled",   "is_symlink", "status", "error_class",
      "error",      "id",           "file_hash", "host_id"};
  return names;
}

std::vector<FileRow> CatalogTables::files(std::int64_t directory_id) {
  SQLite::Statement& select = statements_->files.fresh();
  select.bind(1, directory_id);
  std::vector<FileRow> rows;
  while (select.executeStep()) {
    FileRow row;
    row.sidecar_id = select.getColumn(0).getInt64();
    row.file_name = column_bytes(select, 1);
    row.known = stamp_at(select, 2);
    row.is_symlink = select.getColumn(8).getInt() != 0;
    row.status = column_bytes(select, 9);
    row.content_id = column_bytes(select, 10);
    row.error = text_at(select, 11);
    rows.push_back(std::move(row));
  }
  select.reset();
  return rows;
}

std::optional<CatalogTables::StoredFile> CatalogTables::find_file(std::int64_t directory_id,
                                                                  const std::string& file_name) {
  SQLite::Statement& find = statements_->find_file.fresh();
  find.bind(1, directory_id);
  find.bind(2, file_name);
  std::optional<StoredFile> found;
  if (find.executeStep()) found = StoredFile{find.getColumn(0).getInt64(), stamp_at(find, 1)};
  find.reset();
  return found;
}

std::optional<FileRow> CatalogTables::known_file(std::int64_t directory_id,
                                                 const std::string& file_name) {
  const auto stored = find_file(directory_id, file_name);
  if (!stored) return std::nullopt;
  FileRow row;
  row.sidecar_id = stored->sidecar_id;
  row.file_name = file_name;
  row.known = stored->known;
  return row;
}

RowWrite CatalogTables::put_file(std::int64_t directory_id, const PreparedFile& file,
                                 const std::optional<FileRow>& expected) {
  const auto stored = find_file(directory_id, file.file_name);
  if (stored) {
    if (!expected || !is_same_stamp(stored->known, expected->known)) {
      return stored->known && is_same_stamp(stored->known, file.stamp) ? RowWrite::not_needed
                                                                       : RowWrite::refused;
    }
    delete_file(stored->sidecar_id);
  }
  const std::int64_t id = insert_file(stored ? stored->sidecar_id : 0, directory_id, file);
  if (file.record) records_.put_children(id, *file.record);
  return RowWrite::done;
}

/// Under the given id, or a new one for 0. Says which.
std::int64_t CatalogTables::insert_file(std::int64_t sidecar_id, std::int64_t directory_id,
                                        const PreparedFile& file) {
  // First: it uses the connection's last inserted id, too.
  const std::int64_t host =
      file.record && file.record->host ? records_.host_id(*file.record->host) : 0;
  SQLite::Statement& put = statements_->put_file.fresh();
  if (sidecar_id != 0) put.bind(1, sidecar_id);
  put.bind(2, directory_id);
  put.bindNoCopy(3, file.file_name);
  bind_stamp(put, 4, file.stamp);
  put.bind(10, file.is_symlink ? 1 : 0);
  put.bindNoCopy(11, file.status);
  bind_optional(put, 12, file.error_class);
  bind_optional(put, 13, file.error);
  if (!file.content_id.empty()) put.bindNoCopy(14, file.content_id);
  bind_optional(put, 15, file.file_hash);
  if (host != 0) put.bind(16, host);
  if (file.record) {
    int index = static_cast<int>(file_columns().size());
    for (const Value& value : file.record->columns) bind_borrowed(put, ++index, value);
  }
  put.exec();
  return database_.getLastInsertRowid();
}

RowWrite CatalogTables::repair_stamp(std::int64_t directory_id, const FileRow& expected,
                                     const KnownStamp& stamp, bool is_symlink) {
  const auto stored = find_file(directory_id, expected.file_name);
  if (!stored ||
      !(is_same_stamp(stored->known, expected.known) || is_same_stamp(stored->known, stamp))) {
    return RowWrite::refused;
  }
  SQLite::Statement& repair = statements_->repair_stamp.fresh();
  bind_stamp(repair, 1, stamp);
  repair.bind(7, is_symlink ? 1 : 0);
  repair.bind(8, stored->sidecar_id);
  repair.exec();
  return RowWrite::done;
}

RowWrite CatalogTables::remove_file(std::int64_t directory_id, const FileRow& expected) {
  const auto stored = find_file(directory_id, expected.file_name);
  if (!stored) return RowWrite::not_needed;
  if (!is_same_stamp(stored->known, expected.known)) return RowWrite::refused;
  delete_file(stored->sidecar_id);
  return RowWrite::done;
}

void CatalogTables::delete_file(std::int64_t sidecar_id) {
  records_.remove_children(sidecar_id);
  SQLite::Statement& remove = statements_->remove_file.fresh();
  remove.bind(1, sidecar_id);
  remove.exec();
}

std::map<std::string, std::int64_t> CatalogTables::status_counts() {
  // Two statements that small indexes answer; one over all rows would read the whole table.
  SQLite::Statement broken(
      database_, "SELECT status, count(*) FROM sidecar WHERE status <> 'ok' GROUP BY status");
  SQLite::Statement all(database_, "SELECT count(*) FROM sidecar");
  std::map<std::string, std::int64_t> counts = {
      {"ok", 0}, {"drift", 0}, {"corrupt", 0}, {"unreadable", 0}};
  all.executeStep();
  counts["ok"] = all.getColumn(0).getInt64();
  while (broken.executeStep()) {
    const std::int64_t count = broken.getColumn(1).getInt64();
    counts[column_bytes(broken, 0)] = count;
    counts["ok"] -= count;
  }
  return counts;
}

std::int64_t CatalogTables::unsettled_count() {
  SQLite::Statement select(database_,
                           "SELECT (SELECT count(*) FROM sidecar WHERE settled = 0) + "
                           "(SELECT count(*) FROM directory WHERE settled = 0)");
  return select.executeStep() ? select.getColumn(0).getInt64() : 0;
}

namespace {

std::string put_file_sql() {
  std::vector<std::string> columns = file_columns();
  columns.insert(columns.end(), stored_columns().begin(), stored_columns().end());
  return "INSERT INTO sidecar(" + joined_names(columns) + ") VALUES(" +
         placeholders(columns.size()) + ")";
}

std::string put_directory_sql() {
  return "INSERT INTO directory(run_dir, job, device, inode, size_bytes, mtime_ns, ctime_ns, "
         "settled, entry_mtime_ns, has_links, session, error) "
         "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
         "ON CONFLICT(run_dir, job) DO UPDATE SET device = excluded.device, "
         "inode = excluded.inode, size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, "
         "ctime_ns = excluded.ctime_ns, settled = excluded.settled, "
         "entry_mtime_ns = excluded.entry_mtime_ns, has_links = excluded.has_links, "
         "session = excluded.session, error = excluded.error RETURNING directory_id";
}

constexpr const char* k_directories =
    "SELECT directory_id, run_dir, job, device, inode, size_bytes, mtime_ns, ctime_ns, settled, "
    "entry_mtime_ns, has_links, session, error FROM directory ORDER BY run_dir, job";
constexpr const char* k_directory_by_id =
    "SELECT device, inode, size_bytes, mtime_ns, ctime_ns, settled FROM directory "
    "WHERE directory_id = ? AND run_dir = ? AND job = ?";
constexpr const char* k_put_artifact =
    "INSERT INTO artifact(directory_id, file_name, kind, test_name, file_hash, size_bytes, "
    "mtime_ns, is_symlink) VALUES(?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* k_artifacts =
    "SELECT file_name, kind, test_name, file_hash, size_bytes, mtime_ns, is_symlink "
    "FROM artifact WHERE directory_id = ? ORDER BY file_name";
constexpr const char* k_files =
    "SELECT sidecar_id, file_name, device, inode, size_bytes, mtime_ns, ctime_ns, settled, "
    "is_symlink, status, id, error FROM sidecar WHERE directory_id = ? ORDER BY file_name";
constexpr const char* k_find_file =
    "SELECT sidecar_id, device, inode, size_bytes, mtime_ns, ctime_ns, settled "
    "FROM sidecar WHERE directory_id = ? AND file_name = ?";
constexpr const char* k_repair_stamp =
    "UPDATE sidecar SET device = ?, inode = ?, size_bytes = ?, mtime_ns = ?, ctime_ns = ?, "
    "settled = ?, is_symlink = ? WHERE sidecar_id = ?";

}  // namespace

CatalogTables::Statements::Statements(SQLite::Database& db)
    : directories(db, k_directories),
      find_directory(db, "SELECT directory_id FROM directory WHERE run_dir = ? AND job = ?"),
      directory_by_id(db, k_directory_by_id),
      put_directory(db, put_directory_sql),
      remove_directory(db, "DELETE FROM directory WHERE directory_id = ?"),
      artifacts(db, k_artifacts),
      put_artifact(db, k_put_artifact),
      remove_artifacts(db, "DELETE FROM artifact WHERE directory_id = ?"),
      files(db, k_files),
      find_file(db, k_find_file),
      put_file(db, put_file_sql),
      repair_stamp(db, k_repair_stamp),
      remove_file(db, "DELETE FROM sidecar WHERE sidecar_id = ?") {}

void bind_optional(SQLite::Statement& statement, int index,
                   const std::optional<std::string>& text) {
  if (text) {
    statement.bind(index, *text);
  } else {
    statement.bind(index);
  }
}

std::optional<std::string> text_at(SQLite::Statement& statement, int index) {
  if (statement.getColumn(index).isNull()) return std::nullopt;
  return column_bytes(statement, index);
}

// SQLite's integers are signed; a device or inode number comes back the same.
void bind_stamp(SQLite::Statement& statement, int index, const std::optional<KnownStamp>& known) {
  if (!known) {
    for (int i = 0; i < 5; ++i) statement.bind(index + i);
    statement.bind(index + 5, 0);
    return;
  }
  statement.bind(index, static_cast<std::int64_t>(known->stamp.device));
  statement.bind(index + 1, static_cast<std::int64_t>(known->stamp.inode));
  statement.bind(index + 2, known->stamp.size_bytes);
  statement.bind(index + 3, known->stamp.mtime_ns);
  statement.bind(index + 4, known->stamp.ctime_ns);
  statement.bind(index + 5, known->settled ? 1 : 0);
}

std::optional<KnownStamp> stamp_at(SQLite::Statement& statement, int index) {
  if (statement.getColumn(index).isNull()) return std::nullopt;
  KnownStamp known;
  known.stamp.device = static_cast<std::uint64_t>(statement.getColumn(index).getInt64());
  known.stamp.inode = static_cast<std::uint64_t>(statement.getColumn(index + 1).getInt64());
  known.stamp.size_bytes = statement.getColumn(index + 2).getInt64();
  known.stamp.mtime_ns = statement.getColumn(index + 3).getInt64();
  known.stamp.ctime_ns = statement.getColumn(index + 4).getInt64();
  known.settled = statement.getColumn(index + 5).getInt() != 0;
  return known;
}

bool is_same_stamp(const std::optional<KnownStamp>& left, const std::optional<KnownStamp>& right) {
  if (!left || !right) return !left && !right;
  return left->stamp == right->stamp;
}

}  // namespace ktstr
