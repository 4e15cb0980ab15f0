// SPDX-License-Identifier: MIT
#include "query/statement.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <climits>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "query/filters.hpp"
#include "query/past.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_no_column = "no such column: ";
constexpr std::string_view k_no_table = "no such table: ";
constexpr std::size_t k_near_names = 3;

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(first_utf8_sequence(text).length);
  return count;
}

/// How far a candidate is from what is wanted; `too_far` if it isn't worth naming. One that begins
/// with the wanted word, or ends with it after an underscore, is near.
std::size_t distance_of(std::string_view wanted, std::string_view candidate, std::size_t too_far) {
  if (wanted.size() >= 3 && starts_with(candidate, wanted)) return 0;
  if (wanted.size() >= 3 && candidate.size() > wanted.size() &&
      candidate.substr(candidate.size() - wanted.size()) == wanted &&
      candidate[candidate.size() - wanted.size() - 1] == '_') {
    return 1;
  }
  return std::min(edit_distance(wanted, candidate), too_far);
}

/// What the message says there is none of: without its table and quotes.
std::string missing_name(std::string_view message, std::string_view start) {
  std::string_view name = message.substr(start.size());
  // Later versions of SQLite go on with advice.
  name = name.substr(0, name.find(" - should"));
  if (const auto dot = name.rfind('.'); dot != std::string_view::npos) name = name.substr(dot + 1);
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  return std::string(name);
}

bool is_verdict(std::string_view name) {
  return name == "pass" || name == "fail" || name == "skip";
}

std::string column_help(const std::string& name, const KnownNames& known) {
  std::string quotes = "if it is text, it stands in single quotes: '" + name + "'";
  // There are columns of nearly these names, but `verdict = fail` doesn't mean them.
  if (is_verdict(name)) return quotes;
  if (std::find(known.metrics.begin(), known.metrics.end(), name) != known.metrics.end()) {
    return name + " is a metric: --metric " + name + " makes it a column";
  }
  if (const auto near = near_names(name, known.columns, k_near_names); !near.empty()) {
    return "did you mean " + any_of_text(near) + "?";
  }
  if (const auto near = near_names(name, known.metrics, k_near_names); !near.empty()) {
    return "did you mean the metric " + any_of_text(near) + "? --metric makes it a column";
  }
  return quotes;
}

std::string help(const std::string& message, const KnownNames& known) {
  if (starts_with(message, k_no_column)) {
    return column_help(missing_name(message, k_no_column), known);
  }
  if (starts_with(message, k_no_table)) {
    const auto near = near_names(missing_name(message, k_no_table), known.views, k_near_names);
    if (!near.empty()) return "did you mean " + any_of_text(near) + "?";
  }
  if (message.find("the views") != std::string::npos || starts_with(message, k_no_table)) {
    std::string list = "the views are";
    for (const std::string& view : known.views) list += " " + view;
    return known.views.empty() ? "" : list;
  }
  return "";
}

}  // namespace

std::string any_of_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::vector<std::string> near_names(std::string_view wanted,
                                    const std::vector<std::string>& candidates, std::size_t limit) {
  const std::size_t too_far = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  const std::string lower = lower_ascii(wanted);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = distance_of(lower, lower_ascii(candidate), too_far);
    if (distance < too_far) ranked.emplace_back(distance, candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& place : ranked) {
    const bool known = std::find(names.begin(), names.end(), place.second) != names.end();
    if (!known && names.size() < limit) names.push_back(std::move(place.second));
  }
  return names;
}

std::string caret_lines(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  std::size_t begin = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  const std::size_t end = std::min(text.find('\n', offset), text.size());
  const std::string before = escape_control(text.substr(begin, offset - begin));
  return escape_control(text.substr(begin, end - begin)) + "\n" +
         std::string(count_characters(before), ' ') + "^";
}

Error sql_error(const SqlProblem& problem, std::string_view text, const KnownNames& known) {
  Error error{ErrorCode::usage, problem.message};
  if (problem.offset) error.hint = caret_lines(text, *problem.offset);
  const std::string advice = problem.hint.empty() ? help(problem.message, known) : problem.hint;
  if (!advice.empty()) error.hint += (error.hint.empty() ? "" : "\n") + advice;
  return error;
}

SqlText& SqlText::add_expression(std::string_view expression) {
  text_ += "(\n";
  pieces_.push_back({text_.size(), std::string(expression)});
  text_ += expression;
  text_ += "\n)";
  return *this;
}

Error SqlText::error(SqlProblem problem, const KnownNames& known) const {
  for (const Piece& piece : pieces_) {
    const std::size_t end = piece.begin + piece.text.size();
    // The line break and the parenthesis behind it are where SQLite sees that something is missing.
    if (!problem.offset || *problem.offset < piece.begin || *problem.offset > end + 1) continue;
    if (*problem.offset >= end) problem.message = "the expression ends too early";
    problem.offset = std::min(*problem.offset, end) - piece.begin;
    return sql_error(problem, piece.text, known);
  }
  problem.offset.reset();
  return sql_error(problem, "", known);
}

Result<std::unique_ptr<RowSource>> run_statement(SQLite::Database& database, const std::string& sql,
                                                 std::int64_t timeout_ns, const Clock& clock) {
  auto guard = std::make_unique<ReadOnlyGuard>(database, timeout_ns, clock);
  auto statement = ReadStatement::prepare(*guard, sql);
  if (statement && statement->parameter_count() > 0) {
    statement = tl::unexpected<SqlProblem>({"parameters have no values here"});
  }
  if (!statement) {
    guard.reset();
    KnownNames known;
    known.columns = view_columns(database);
    known.views = view_names();
    if (is_past_attached(database)) {
      for (std::string& name : past_view_names()) known.views.push_back(std::move(name));
    }
    return fail(sql_error(statement.error(), sql, known));
  }
  std::vector<RowColumn> columns;
  for (std::string& name : statement->column_names()) columns.push_back({std::move(name)});
  return std::make_unique<StatementRows>(std::move(guard), std::move(*statement),
                                         std::move(columns));
}

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
