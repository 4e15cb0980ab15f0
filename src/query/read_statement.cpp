// SPDX-License-Identifier: MIT
#include "query/read_statement.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <climits>

#include "catalog/connection.hpp"
#include "query/past.hpp"

namespace ktstr {
namespace {

tl::unexpected<SqlProblem> problem(std::string message, std::optional<std::size_t> offset = {}) {
  return tl::unexpected<SqlProblem>({std::move(message), offset});
}

/// One statement, whatever stands behind its semicolon must be semicolons.
std::optional<SqlProblem> count_problem(const std::vector<Token>& tokens) {
  bool begun = false;
  bool ended = false;
  for (const Token& token : tokens) {
    if (token.is_symbol(';')) {
      ended = begun;
    } else if (ended) {
      return SqlProblem{"only one statement is allowed", token.offset};
    } else {
      begun = true;
    }
  }
  if (!begun) return SqlProblem{"there is no statement"};
  return std::nullopt;
}

SqlProblem prepare_problem(sqlite3* handle, ReadOnlyGuard& guard) {
  SqlProblem found{sqlite3_errmsg(handle)};
  const int offset = sqlite3_error_offset(handle);
  if (offset >= 0) found.offset = static_cast<std::size_t>(offset);
  if (std::string refusal = guard.take_refusal(); !refusal.empty()) {
    found.message = std::move(refusal);
  }
  return found;
}

Value value_of(sqlite3_stmt* statement, int index) {
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, index));
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, index);
    case SQLITE_NULL:
      return std::monostate{};
    default: {
      // The pointer first, then the size. None for an empty blob.
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, index));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
      return bytes == nullptr ? std::string() : std::string(bytes, size);
    }
  }
}

}  // namespace

void ReadStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

tl::expected<ReadStatement, SqlProblem> ReadStatement::prepare(ReadOnlyGuard& guard,
                                                               std::string_view sql) {
  const auto tokens = tokenize(sql);
  if (!tokens) return tl::unexpected<SqlProblem>(tokens.error());
  if (auto wrong = count_problem(*tokens)) return tl::unexpected<SqlProblem>(*wrong);
  if (sql.size() >= INT_MAX) return problem("the statement is too long");

  sqlite3* handle = guard.database().getHandle();
  sqlite3_stmt* raw = nullptr;
  static_cast<void>(guard.take_refusal());
  const int code =
      sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  ReadStatement statement(guard, raw);
  const auto forbidden = guard.forbidden_table(*tokens);
  if (code != SQLITE_OK) {
    SqlProblem found = prepare_problem(handle, guard);
    // Where both object to the same table, only the check of the text knows the place.
    if (forbidden && forbidden->message == found.message) found = *forbidden;
    return tl::unexpected<SqlProblem>(std::move(found));
  }
  if (forbidden) return tl::unexpected<SqlProblem>(*forbidden);
  // The authorizer is not asked about VACUUM.
  if (sqlite3_stmt_readonly(raw) == 0) return problem("only reading the views is allowed");
  if (sqlite3_column_count(raw) == 0) return problem("the statement returns no rows");
  return statement;
}

void ReadStatement::bind(int index, const Value& value) {
  sqlite3_stmt* raw = statement_.get();
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    sqlite3_bind_int64(raw, index, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    sqlite3_bind_double(raw, index, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    sqlite3_bind_text64(raw, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else {
    sqlite3_bind_null(raw, index);
  }
}

int ReadStatement::parameter_count() const {
  return sqlite3_bind_parameter_count(statement_.get());
}

std::vector<std::string> ReadStatement::column_names() const {
  std::vector<std::string> names;
  for (int i = 0; i < sqlite3_column_count(statement_.get()); ++i) {
    const char* name = sqlite3_column_name(statement_.get(), i);
    names.emplace_back(name == nullptr ? "" : name);
  }
  return names;
}

Result<bool> ReadStatement::next(std::vector<Value>& row) {
  if (ended_) return false;
  guard_->begin_step();
  const int code = sqlite3_step(statement_.get());
  guard_->end_step();
  if (code != SQLITE_ROW) {
    ended_ = true;
    if (code == SQLITE_DONE) return false;
    return fail(step_error(code));
  }
  row.clear();
  for (int i = 0; i < sqlite3_column_count(statement_.get()); ++i) {
    row.push_back(value_of(statement_.get(), i));
  }
  return true;
}

Error ReadStatement::step_error(int code) {
  // Where there is a limit, who interrupts is whoever watches it.
  const bool is_overdue = code == SQLITE_INTERRUPT && guard_->timeout_ns() > 0;
  if (is_overdue || guard_->timed_out()) {
    return {ErrorCode::timeout,
            fmt::format("the query took longer than {:g} s",
                        static_cast<double>(guard_->timeout_ns()) / 1e9),
            "", "narrow it, or allow more with --timeout"};
  }
  if (code == SQLITE_NOMEM) {
    return {ErrorCode::busy, "the query needs more memory than it may take", "",
            "ask for fewer or shorter values at once"};
  }
  if (code == SQLITE_FULL) {
    return {ErrorCode::io, "no room on the disk for what has to be sorted", "",
            "narrow it, or name another directory for temporary files in TMPDIR"};
  }
  SQLite::Database& database = guard_->database();
  Error error = sqlite_error(SQLite::Exception(database.getHandle(), code), database.getFilename());
  if (code == SQLITE_INTERRUPT) error.code = ErrorCode::interrupted;
  if (code == SQLITE_TOOBIG || code == SQLITE_MISMATCH) error.code = ErrorCode::usage;
  if (std::string refusal = guard_->take_refusal(); !refusal.empty()) {
    error = {ErrorCode::usage, std::move(refusal)};
  }
  // What the statement does wrong is nothing about the file.
  if (error.code == ErrorCode::usage) error.path.clear();
  return blame_past(database, std::move(error));
}

}  // namespace ktstr
