// SPDX-License-Identifier: MIT
#pragma once

// What the files of CatalogTables share: statements that are prepared when they are first used (a
// query that finds nothing changed needs three of thirty), and stamps in columns.

#include <optional>
#include <string>

#include "catalog/connection.hpp"
#include "catalog/tables.hpp"

namespace ktstr {

class LazyStatement {
 public:
  LazyStatement(SQLite::Database& database, const char* text) : database_(database), text_(text) {}
  /// For a text that has to be made.
  LazyStatement(SQLite::Database& database, std::string (*make_text)())
      : database_(database), make_text_(make_text) {}

  /// Ready to be bound: NULL wherever nothing is bound. Throws SQLite::Exception.
  SQLite::Statement& fresh() {
    if (!statement_) return statement_.emplace(database_, make_text_ ? make_text_() : text_);
    statement_->reset();
    statement_->clearBindings();
    return *statement_;
  }

 private:
  SQLite::Database& database_;
  const char* text_ = nullptr;
  std::string (*make_text_)() = nullptr;
  std::optional<SQLite::Statement> statement_;
};

struct CatalogTables::Statements {
  explicit Statements(SQLite::Database& db);

  // tables.cpp
  LazyStatement directories, find_directory, directory_by_id, put_directory, remove_directory,
      artifacts, put_artifact, remove_artifacts, find_setting, put_setting;
  // tables_files.cpp
  LazyStatement files, find_file, put_file, repair_stamp, remove_file;
  // tables_records.cpp
  LazyStatement put_series, put_kvm, put_verifier, put_callback, put_payload, remove_series,
      remove_kvm, remove_verifier, remove_callback, remove_payload, put_host, find_host, put_shape,
      find_shape, put_shape_metric;
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
