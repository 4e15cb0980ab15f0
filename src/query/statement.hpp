// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "base/time_text.hpp"
#include "ktstr/result.hpp"
#include "query/sql_guard.hpp"
#include "query/tokens.hpp"

// How a problem with SQL that a person wrote is told to that person. Pure; thread-safe.

namespace SQLite {
class Database;
}

namespace ktstr {

/// What a misspelt name may have been meant to be.
struct KnownNames {
  std::vector<std::string> columns;
  std::vector<std::string> metrics;
  std::vector<std::string> views;
};

/// The line of `text` that byte `offset` is in, and below it a caret under that place. Control
/// bytes are shown escaped.
[[nodiscard]] std::string caret_lines(std::string_view text, std::size_t offset);

/// A usage error: the message, and as its hint the place in `text`, if known, and what may help.
[[nodiscard]] Error sql_error(const SqlProblem& problem, std::string_view text,
                              const KnownNames& known);

/// The nearest of `candidates`, best first: those that are a few letters off or hold `wanted`.
[[nodiscard]] std::vector<std::string> near_names(std::string_view wanted,
                                                  const std::vector<std::string>& candidates,
                                                  std::size_t limit);

/// "a", "a or b", "a, b or c".
[[nodiscard]] std::string any_of_text(const std::vector<std::string>& names);

/// SQL made of our text and of pieces that a person wrote, which remembers where the pieces are.
class SqlText {
 public:
  SqlText& add(std::string_view ours) {
    text_ += ours;
    return *this;
  }
  /// In parentheses, and with a line break behind it, so that a comment at its end ends there.
  SqlText& add_expression(std::string_view expression);
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Moves a problem with the whole to the piece that it is in, and tells it.
  [[nodiscard]] Error error(SqlProblem problem, const KnownNames& known) const;

 private:
  struct Piece {
    std::size_t begin;
    std::string text;
  };
  std::string text_;
  std::vector<Piece> pieces_;
};

/// The rows of one statement that a person wrote; it may only read the views. `timeout_ns`: 0 for
/// none. Columns have the names that SQLite gives them, repeated ones too. Error usage: what is
/// wrong with the statement, with its place. As long as the rows live, the connection can't do
/// anything else but read.
[[nodiscard]] Result<std::unique_ptr<RowSource>> run_statement(SQLite::Database& database,
                                                               const std::string& sql,
                                                               std::int64_t timeout_ns,
                                                               const Clock& clock);

}  // namespace ktstr

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
