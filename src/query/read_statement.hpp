// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/result.hpp"
#include "query/read_only.hpp"

struct sqlite3_stmt;

namespace ktstr {

/// One statement that only reads, prepared under a guard which has to outlive it. Not thread-safe.
class ReadStatement {
 public:
  /// A problem: SQLite's own message and place, or what we refuse: no statement, several, one that
  /// writes or returns nothing, a table behind the views.
  static tl::expected<ReadStatement, SqlProblem> prepare(ReadOnlyGuard& guard,
                                                         std::string_view sql);

  /// Numbers from 1 on.
  void bind(int index, const Value& value);
  [[nodiscard]] int parameter_count() const;
  [[nodiscard]] std::vector<std::string> column_names() const;
  /// Fills `row` and says true, or says false at the end. Error: timeout, interrupted, usage for
  /// what the statement itself does wrong, else what SQLite says.
  [[nodiscard]] Result<bool> next(std::vector<Value>& row);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  ReadStatement(ReadOnlyGuard& guard, sqlite3_stmt* statement)
      : guard_(&guard), statement_(statement) {}
  [[nodiscard]] Error step_error(int code);

  ReadOnlyGuard* guard_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  bool ended_ = false;
};

/// A statement as a source of rows. Owns the guard.
class StatementRows final : public RowSource {
 public:
  StatementRows(std::unique_ptr<ReadOnlyGuard> guard, ReadStatement statement,
                std::vector<RowColumn> columns)
      : guard_(std::move(guard)), statement_(std::move(statement)), columns_(std::move(columns)) {}

  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return columns_; }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override { return statement_.next(row); }

 private:
  std::unique_ptr<ReadOnlyGuard> guard_;
  ReadStatement statement_;
  std::vector<RowColumn> columns_;
};

}  // namespace ktstr
