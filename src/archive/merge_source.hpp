// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "database/foreign_database.hpp"
#include "ktstr/result.hpp"

// The archive that a merge reads, over a connection of its own: so an error on it is never mistaken
// for one of the target, and nothing that is wrong with it can touch the target's transactions.

namespace ktstr {

/// Thrown between the files of a merge: the source can't be read here, or holds what no archive
/// may.
struct SourceFailure : std::runtime_error {
  explicit SourceFailure(Error why) : std::runtime_error(why.message), error(std::move(why)) {}
  Error error;
};

/// Values with the names of their columns.
struct SourceRow {
  const std::vector<std::string>* names = nullptr;
  std::vector<Value> values;

  /// NULL for a column that the source doesn't have.
  [[nodiscard]] const Value& operator[](const std::string& name) const;
  /// Unless the source doesn't have the column.
  void set(const std::string& name, Value value);
  [[nodiscard]] std::string text(const std::string& name) const;      ///< '' unless it is one
  [[nodiscard]] std::int64_t integer(const std::string& name) const;  ///< 0 unless it is one
  [[nodiscard]] std::optional<std::int64_t> optional_integer(const std::string& name) const;
};

/// What may be looked for in a table.
struct SourceIds {
  std::vector<std::int64_t> all;  ///< ascending
  /// Those that the table or one of its indexes names. The others of `all` are looked for because a
  /// damaged page may hide them.
  std::vector<std::int64_t> named;

  [[nodiscard]] bool is_named(std::int64_t id) const;
};

/// Methods throw SourceFailure, and std::bad_alloc. A statement that failed can be tried again with
/// another row.
class MergeSource {
 public:
  /// As a ForeignDatabase; tolerant, as a damaged one.
  [[nodiscard]] static Result<std::unique_ptr<MergeSource>> open(
      const std::string& path, bool is_tolerant, const std::function<bool()>& should_stop);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The names of a table's columns.
  [[nodiscard]] const std::vector<std::string>& columns(const std::string& table);
  /// Tolerant: whatever the table and its indexes, read from both ends, know of.
  [[nodiscard]] SourceIds ids(const std::string& table);
  /// By rowid. Values are of the kinds that their columns say.
  [[nodiscard]] std::optional<SourceRow> row(const std::string& table, std::int64_t id);
  /// Those whose first key column is `id`, in the key's order.
  [[nodiscard]] std::vector<SourceRow> rows_of(const std::string& table, const std::string& key,
                                               std::int64_t id);
  /// What an index over exactly these columns holds of the table's rows, by rowid: it stands on
  /// other pages than the table. Damage ends it, and isn't an error.
  [[nodiscard]] std::map<std::int64_t, std::vector<Value>> covered(const std::string& table,
                                                                   const std::string& columns);
  /// Every row of a small table; tolerant: up to the first that can't be read, from both ends.
  [[nodiscard]] std::vector<SourceRow> all_rows(const std::string& table);
  /// Those that were asked for and aren't there, or that all_rows() has given only in part.
  [[nodiscard]] const std::set<std::string>& lost_tables() const { return lost_tables_; }

  [[nodiscard]] SourceFailure failure(const std::string& message) const {
    return SourceFailure({ErrorCode::corrupt, message, path_});
  }

 private:
  MergeSource(std::string path, bool is_tolerant, ForeignDatabase opened)
      : path_(std::move(path)), is_tolerant_(is_tolerant), opened_(std::move(opened)) {}

  struct Index {
    std::string name;
    std::string columns;  ///< "a, b"
  };

  struct Table {
    std::vector<std::string> columns;
    std::vector<std::string> types;  ///< as declared; '' for any
  };

  [[nodiscard]] const Table& table(const std::string& name);
  [[nodiscard]] SourceRow checked_row(const std::string& name, SQLite::Statement& select);
  void count_rows();
  [[nodiscard]] std::vector<Index> indexes(const std::string& table);
  SQLite::Statement& statement(const std::string& sql);
  /// Runs it and hands each row on. What SQLite throws becomes a SourceFailure.
  template <typename Row>
  void each(const std::string& sql, std::optional<std::int64_t> id, Row row);
  /// False: it broke off. Only to be used when tolerant.
  template <typename Row>
  bool each_readable(const std::string& sql, Row row);

  std::string path_;
  bool is_tolerant_;
  std::int64_t most_rows_ = 0;  ///< more than that many no file of its size can hold
  ForeignDatabase opened_;
  std::map<std::string, std::unique_ptr<SQLite::Statement>> statements_;
  std::map<std::string, Table> tables_;
  std::set<std::string> lost_tables_;
};

}  // namespace ktstr
