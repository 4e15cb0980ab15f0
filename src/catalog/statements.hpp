// SPDX-License-Identifier: MIT
#pragma once

// What the files of CatalogTables share: its statements, and stamps in columns.

#include <optional>
#include <string>

#include "catalog/connection.hpp"
#include "catalog/lazy_statement.hpp"
#include "catalog/tables.hpp"

namespace ktstr {

struct CatalogTables::Statements {
  explicit Statements(SQLite::Database& db);

  // tables.cpp
  LazyStatement directories, find_directory, directory_by_id, put_directory, remove_directory,
      artifacts, put_artifact, remove_artifacts;
  // tables_files.cpp
  LazyStatement files, find_file, put_file, repair_stamp, remove_file;
};

/// Binds NULL for none.
void bind_optional(SQLite::Statement& statement, int index, const std::optional<std::string>& text);
[[nodiscard]] std::optional<std::string> text_at(SQLite::Statement& statement, int index);

/// Six columns: device, inode, size_bytes, mtime_ns, ctime_ns, settled.
void bind_stamp(SQLite::Statement& statement, int index, const std::optional<KnownStamp>& known);
/// None if the device is NULL.
[[nodiscard]] std::optional<KnownStamp> stamp_at(SQLite::Statement& statement, int index);
/// Settled or not.
[[nodiscard]] bool is_same_stamp(const std::optional<KnownStamp>& left,
                                 const std::optional<KnownStamp>& right);

}  // namespace ktstr
