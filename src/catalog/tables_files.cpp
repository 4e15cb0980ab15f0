// SPDX-License-Identifier: MIT

// Files of CatalogTables.

#include "catalog/connection.hpp"
#include "catalog/statements.hpp"
#include "catalog/tables.hpp"

namespace ktstr {

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

}  // namespace ktstr
