// SPDX-License-Identifier: MIT
#include "catalog/statements.hpp"

#include "catalog/sql_text.hpp"

namespace ktstr {
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
