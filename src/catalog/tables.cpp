// SPDX-License-Identifier: MIT
#include "catalog/tables.hpp"

#include <algorithm>

#include "base/hashing.hpp"
#include "catalog/connection.hpp"
#include "catalog/views.hpp"

namespace ktstr {
namespace {

std::string placeholders(std::size_t count) {
  std::string text = "?";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Before the record's own columns, in the order in which put_file binds them.
const std::vector<std::string> k_file_columns = {
    "sidecar_id", "directory_id", "file_name", "device",     "inode",  "size_bytes",
    "mtime_ns",   "ctime_ns",     "settled",   "is_symlink", "status", "error_class",
    "error",      "id",           "file_hash", "host_id"};

std::string put_file_sql() {
  const std::vector<std::string>& stored = stored_columns();
  return "INSERT INTO sidecar(" + join(k_file_columns) + ", " + join(stored) + ") VALUES(" +
         placeholders(k_file_columns.size() + stored.size()) + ")";
}

std::string put_packed_sql(const std::string& table, const std::string& labels) {
  std::string columns = "sidecar_id, position, shape_id" + labels;
  for (int i = 0; i < k_series_width; ++i) columns += ", v" + std::to_string(i);
  const auto count = static_cast<std::size_t>(std::count(columns.begin(), columns.end(), ',') + 1);
  return "INSERT INTO " + table + "(" + columns + ") VALUES(" + placeholders(count) + ")";
}

void bind_optional(SQLite::Statement& statement, int index,
                   const std::optional<std::string>& text) {
  if (text) {
    statement.bind(index, *text);
  } else {
    statement.bind(index);
  }
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

std::optional<std::string> text_at(SQLite::Statement& statement, int index) {
  if (statement.getColumn(index).isNull()) return std::nullopt;
  return column_bytes(statement, index);
}

/// A statement ready to be bound anew. NULL wherever nothing is bound.
SQLite::Statement& fresh(SQLite::Statement& statement) {
  statement.reset();
  statement.clearBindings();
  return statement;
}

}  // namespace

struct CatalogTables::Statements {
  explicit Statements(SQLite::Database& db)
      : directories(db,
                    "SELECT directory_id, run_dir, job, device, inode, size_bytes, mtime_ns, "
                    "ctime_ns, settled, entry_mtime_ns, has_links, session, error FROM directory "
                    "ORDER BY run_dir, job"),
        files(db,
              "SELECT sidecar_id, file_name, device, inode, size_bytes, mtime_ns, ctime_ns, "
              "settled, is_symlink, status, id, error FROM sidecar WHERE directory_id = ? "
              "ORDER BY file_name"),
        file(db,
             "SELECT sidecar_id, device, inode, size_bytes, mtime_ns, ctime_ns, settled "
             "FROM sidecar WHERE directory_id = ? AND file_name = ?"),
        file_by_id(db,
                   "SELECT sidecar_id, device, inode, size_bytes, mtime_ns, ctime_ns, settled "
                   "FROM sidecar WHERE sidecar_id = ?"),
        artifacts(db,
                  "SELECT file_name, kind, test_name, file_hash, size_bytes, mtime_ns, is_symlink "
                  "FROM artifact WHERE directory_id = ? ORDER BY file_name"),
        put_directory(db,
                      "INSERT INTO directory(run_dir, job, device, inode, size_bytes, mtime_ns, "
                      "ctime_ns, settled, entry_mtime_ns, has_links, session, error) "
                      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                      "ON CONFLICT(run_dir, job) DO UPDATE SET device = excluded.device, "
                      "inode = excluded.inode, size_bytes = excluded.size_bytes, "
                      "mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, "
                      "settled = excluded.settled, entry_mtime_ns = excluded.entry_mtime_ns, "
                      "has_links = excluded.has_links, session = excluded.session, "
                      "error = excluded.error RETURNING directory_id"),
        remove_directory(db, "DELETE FROM directory WHERE directory_id = ?"),
        put_artifact(db,
                     "INSERT INTO artifact(directory_id, file_name, kind, test_name, file_hash, "
                     "size_bytes, mtime_ns, is_symlink) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"),
        remove_artifacts(db, "DELETE FROM artifact WHERE directory_id = ?"),
        put_file(db, put_file_sql()),
        repair_stamp(db,
                     "UPDATE sidecar SET device = ?, inode = ?, size_bytes = ?, mtime_ns = ?, "
                     "ctime_ns = ?, settled = ?, is_symlink = ? WHERE sidecar_id = ?"),
        remove_file(db, "DELETE FROM sidecar WHERE sidecar_id = ?"),
        put_series(db, put_packed_sql("series", ", phase, phase_label, cgroup")),
        put_kvm(db, put_packed_sql("kvm_series", "")),
        put_verifier(db, "INSERT INTO verifier_program VALUES(?, ?, ?, ?)"),
        put_callback(db, "INSERT INTO callback VALUES(?, ?, ?, ?, ?, ?)"),
        put_payload(db, "INSERT INTO payload_metric VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        put_host(db, "INSERT INTO host(digest, " + join(host_columns()) + ") VALUES(" +
                         placeholders(host_columns().size() + 1) + ")"),
        find_host(db, "SELECT host_id FROM host WHERE digest = ?"),
        put_shape(db, "INSERT INTO shape(digest) VALUES(?)"),
        find_shape(db, "SELECT shape_id FROM shape WHERE digest = ?"),
        put_shape_metric(db,
                         "INSERT INTO shape_metric(shape_id, metric, position) VALUES(?, ?, ?)"),
        find_setting(db, "SELECT value FROM setting WHERE key = ?"),
        put_setting(db, "INSERT OR REPLACE INTO setting(key, value) VALUES(?, ?)") {
    for (const char* table :
         {"series", "kvm_series", "verifier_program", "callback", "payload_metric"}) {
      remove_children.emplace_back(db,
                                   std::string("DELETE FROM ") + table + " WHERE sidecar_id = ?");
    }
  }

  SQLite::Statement directories, files, file, file_by_id, artifacts, put_directory,
      remove_directory, put_artifact, remove_artifacts, put_file, repair_stamp, remove_file,
      put_series, put_kvm, put_verifier, put_callback, put_payload, put_host, find_host, put_shape,
      find_shape, put_shape_metric, find_setting, put_setting;
  std::vector<SQLite::Statement> remove_children;
};

CatalogTables::CatalogTables(SQLite::Database& database)
    : database_(database), statements_(std::make_unique<Statements>(database)) {}

CatalogTables::~CatalogTables() = default;

std::vector<DirectoryRow> CatalogTables::directories() {
  SQLite::Statement& select = fresh(statements_->directories);
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

std::vector<FileRow> CatalogTables::files(std::int64_t directory_id) {
  SQLite::Statement& select = fresh(statements_->files);
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

std::vector<ArtifactRow> CatalogTables::artifacts(std::int64_t directory_id) {
  SQLite::Statement& select = fresh(statements_->artifacts);
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

std::optional<std::string> CatalogTables::setting(const std::string& key) {
  SQLite::Statement& select = fresh(statements_->find_setting);
  select.bind(1, key);
  std::optional<std::string> value;
  if (select.executeStep()) value = text_at(select, 0);
  select.reset();
  return value;
}

void CatalogTables::set_setting(const std::string& key, const Value& value) {
  SQLite::Statement& put = fresh(statements_->put_setting);
  put.bind(1, key);
  bind_value(put, 2, value);
  put.exec();
}

std::int64_t CatalogTables::put_directory(const DirectoryRow& row) {
  SQLite::Statement& put = fresh(statements_->put_directory);
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

void CatalogTables::remove_directory(std::int64_t directory_id) {
  for (const FileRow& file : files(directory_id)) remove_file(file);
  replace_artifacts(directory_id, {});
  SQLite::Statement& remove = fresh(statements_->remove_directory);
  remove.bind(1, directory_id);
  remove.exec();
}

void CatalogTables::replace_artifacts(std::int64_t directory_id,
                                      const std::vector<ArtifactRow>& artifacts) {
  SQLite::Statement& remove = fresh(statements_->remove_artifacts);
  remove.bind(1, directory_id);
  remove.exec();
  for (const ArtifactRow& artifact : artifacts) {
    SQLite::Statement& put = fresh(statements_->put_artifact);
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

bool CatalogTables::put_file(std::int64_t directory_id, const PreparedFile& file,
                             const std::optional<FileRow>& expected) {
  SQLite::Statement& find = fresh(statements_->file);
  find.bind(1, directory_id);
  find.bind(2, file.file_name);
  std::int64_t sidecar_id = 0;
  if (find.executeStep()) {
    sidecar_id = find.getColumn(0).getInt64();
    const bool moved_on = !expected || stamp_at(find, 1) != expected->known;
    find.reset();
    if (moved_on) return false;
    remove_children(sidecar_id);
    SQLite::Statement& remove = fresh(statements_->remove_file);
    remove.bind(1, sidecar_id);
    remove.exec();
  }
  find.reset();

  SQLite::Statement& put = fresh(statements_->put_file);
  if (sidecar_id != 0) put.bind(1, sidecar_id);
  put.bind(2, directory_id);
  put.bind(3, file.file_name);
  bind_stamp(put, 4, file.stamp);
  put.bind(10, file.is_symlink ? 1 : 0);
  put.bind(11, file.status);
  bind_optional(put, 12, file.error_class);
  bind_optional(put, 13, file.error);
  if (!file.content_id.empty()) put.bind(14, file.content_id);
  bind_optional(put, 15, file.file_hash);
  if (file.record) {
    if (file.record->host) put.bind(16, host_id(*file.record->host));
    int index = static_cast<int>(k_file_columns.size());
    for (const Value& value : file.record->columns) bind_value(put, ++index, value);
  }
  put.exec();
  if (file.record) put_children(database_.getLastInsertRowid(), *file.record);
  return true;
}

bool CatalogTables::repair_stamp(const FileRow& expected, const KnownStamp& stamp,
                                 bool is_symlink) {
  SQLite::Statement& find = fresh(statements_->file_by_id);
  find.bind(1, expected.sidecar_id);
  const bool unchanged = find.executeStep() && stamp_at(find, 1) == expected.known;
  find.reset();
  if (!unchanged) return false;
  SQLite::Statement& repair = fresh(statements_->repair_stamp);
  bind_stamp(repair, 1, stamp);
  repair.bind(7, is_symlink ? 1 : 0);
  repair.bind(8, expected.sidecar_id);
  repair.exec();
  return true;
}

bool CatalogTables::remove_file(const FileRow& expected) {
  SQLite::Statement& find = fresh(statements_->file_by_id);
  find.bind(1, expected.sidecar_id);
  const bool unchanged = find.executeStep() && stamp_at(find, 1) == expected.known;
  find.reset();
  if (!unchanged) return false;
  remove_children(expected.sidecar_id);
  SQLite::Statement& remove = fresh(statements_->remove_file);
  remove.bind(1, expected.sidecar_id);
  remove.exec();
  return true;
}

void CatalogTables::forget_stamps() {
  database_.exec("UPDATE sidecar SET settled = 0, inode = -1, id = NULL");
  database_.exec("UPDATE directory SET settled = 0, inode = -1");
}

void CatalogTables::remove_orphans() {
  database_.exec(
      "DELETE FROM host WHERE host_id NOT IN (SELECT host_id FROM sidecar WHERE host_id IS NOT "
      "NULL)");
  forget_cached_ids();
}

void CatalogTables::forget_cached_ids() {
  host_ids_.clear();
  shape_ids_.clear();
}

// ---- what hangs on a record ---------------------------------------------------------------------

void CatalogTables::remove_children(std::int64_t sidecar_id) {
  for (SQLite::Statement& remove : statements_->remove_children) {
    fresh(remove).bind(1, sidecar_id);
    remove.exec();
  }
}

template <typename Values>
void CatalogTables::put_packed(SQLite::Statement& statement, std::int64_t sidecar_id,
                               std::int64_t& position, const Values& values,
                               const SeriesRow* labels) {
  constexpr auto k_width = static_cast<std::size_t>(k_series_width);
  for (std::size_t first = 0; first < values.size(); first += k_width) {
    const std::size_t count = std::min(k_width, values.size() - first);
    std::vector<std::string> names;
    names.reserve(count);
    for (std::size_t i = 0; i < count; ++i) names.push_back(values[first + i].first);
    const std::int64_t shape = shape_id(names);

    SQLite::Statement& put = fresh(statement);
    int index = 0;
    put.bind(++index, sidecar_id);
    put.bind(++index, position++);
    put.bind(++index, shape);
    if (labels != nullptr) {
      ++index;
      if (labels->phase) put.bind(index, *labels->phase);
      bind_optional(put, ++index, labels->phase_label);
      bind_optional(put, ++index, labels->cgroup);
    }
    for (std::size_t i = 0; i < count; ++i)
      bind_value(put, ++index, Value(values[first + i].second));
    put.exec();
  }
}

void CatalogTables::put_children(std::int64_t sidecar_id, const ExtractedRecord& record) {
  std::int64_t position = 0;
  for (const SeriesRow& series : record.series) {
    put_packed(statements_->put_series, sidecar_id, position, series.values, &series);
  }
  position = 0;
  put_packed(statements_->put_kvm, sidecar_id, position, record.kvm_sums, nullptr);
  position = 0;
  for (const VerifierRow& program : record.verifier) {
    SQLite::Statement& put = fresh(statements_->put_verifier);
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    put.bind(3, program.program);
    bind_value(put, 4, program.verified_insns);
    put.exec();
  }
  position = 0;
  for (const CallbackRow& program : record.callbacks) {
    SQLite::Statement& put = fresh(statements_->put_callback);
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    put.bind(3, program.program);
    bind_value(put, 4, program.cnt);
    bind_value(put, 5, program.nsecs);
    bind_value(put, 6, program.nsecs_per_call);
    put.exec();
  }
  for (const PayloadMetricRow& metric : record.payload_metrics) {
    SQLite::Statement& put = fresh(statements_->put_payload);
    put.bind(1, sidecar_id);
    put.bind(2, metric.invocation);
    put.bind(3, metric.position);
    int index = 3;
    for (const Value& value : metric.values) bind_value(put, ++index, value);
    put.exec();
  }
}

std::int64_t CatalogTables::host_id(const HostRow& host) {
  if (const auto cached = host_ids_.find(host.digest); cached != host_ids_.end()) {
    return cached->second;
  }
  SQLite::Statement& find = fresh(statements_->find_host);
  find.bind(1, host.digest);
  std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  if (id == 0) {
    SQLite::Statement& put = fresh(statements_->put_host);
    put.bind(1, host.digest);
    int index = 1;
    for (const Value& value : host.values) bind_value(put, ++index, value);
    put.exec();
    id = database_.getLastInsertRowid();
  }
  host_ids_.emplace(host.digest, id);
  return id;
}

std::int64_t CatalogTables::shape_id(const std::vector<std::string>& metrics) {
  std::string names;
  for (const std::string& metric : metrics) names += metric + '\0';
  if (const auto cached = shape_ids_.find(names); cached != shape_ids_.end()) {
    return cached->second;
  }
  const std::string digest = content_id(names);
  SQLite::Statement& find = fresh(statements_->find_shape);
  find.bind(1, digest);
  std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  if (id == 0) {
    SQLite::Statement& put = fresh(statements_->put_shape);
    put.bind(1, digest);
    put.exec();
    id = database_.getLastInsertRowid();
    std::int64_t position = 0;
    for (const std::string& metric : metrics) {
      SQLite::Statement& add = fresh(statements_->put_shape_metric);
      add.bind(1, id);
      add.bind(2, metric);
      add.bind(3, position++);
      add.exec();
    }
  }
  shape_ids_.emplace(std::move(names), id);
  return id;
}

}  // namespace ktstr
