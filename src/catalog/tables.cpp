// SPDX-License-Identifier: MIT
#include "catalog/tables.hpp"

#include "catalog/connection.hpp"
#include "catalog/statements.hpp"

namespace ktstr {

// Directories and artifacts here; files in tables_files.cpp.

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

}  // namespace ktstr
