// SPDX-License-Identifier: MIT
#include "query/expression.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "catalog/columns.hpp"
#include "catalog/connection.hpp"
#include "query/read_statement.hpp"
#include "record/metric_registry.hpp"

namespace ktstr {
namespace {

/// What can be said without SQLite: that the text stays within the parentheses around it.
std::optional<SqlProblem> text_problem(const std::vector<Token>& tokens) {
  if (tokens.empty()) return SqlProblem{"the expression is empty"};
  for (const char* keyword : {"select", "with", "values"}) {
    if (!tokens.front().is_keyword(keyword)) continue;
    return SqlProblem{"a statement where an expression should be", tokens.front().offset,
                      "put a query in parentheses: (SELECT ...)"};
  }
  std::vector<std::size_t> open;
  for (const Token& token : tokens) {
    if (token.is_symbol(';')) return SqlProblem{"only one expression is allowed", token.offset};
    if (token.kind == Token::Kind::parameter) {
      return SqlProblem{"parameters have no values here", token.offset};
    }
    if (token.is_symbol('(')) open.push_back(token.offset);
    if (!token.is_symbol(')')) continue;
    if (open.empty()) return SqlProblem{"a parenthesis that nothing opened", token.offset};
    open.pop_back();
  }
  if (!open.empty()) return SqlProblem{"a parenthesis that nothing closes", open.back()};
  return std::nullopt;
}

std::vector<std::string> first_column(SQLite::Database& database, const std::string& sql) {
  std::vector<std::string> values;
  // Hints only: without them the error is still told.
  static_cast<void>(guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database, sql);
    while (statement.executeStep()) values.push_back(column_bytes(statement, 0));
  }));
  return values;
}

}  // namespace

KnownNames known_names(SQLite::Database& database) {
  KnownNames known;
  for (const ResultColumn& column : result_columns()) known.columns.emplace_back(column.name);
  for (const MetricDefinition& metric : metric_registry()) known.metrics.emplace_back(metric.name);
  for (std::string& name : first_column(database, "SELECT DISTINCT metric FROM shape_metric")) {
    known.metrics.push_back(std::move(name));
  }
  known.views = view_names();
  return known;
}

std::vector<std::string> view_columns(SQLite::Database& database) {
  std::vector<std::string> columns;
  for (const std::string& view : view_names()) {
    for (std::string& name :
         first_column(database, "SELECT name FROM pragma_table_info('" + view + "')")) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
        columns.push_back(std::move(name));
      }
    }
  }
  return columns;
}

std::optional<SqlProblem> expression_problem(ReadOnlyGuard& guard, std::string_view expression,
                                             std::string_view from_clause) {
  const auto tokens = tokenize(expression);
  if (!tokens) return tokens.error();
  if (auto problem = text_problem(*tokens)) return problem;
  const std::string start = "SELECT (\n";
  std::string sql = start;
  sql.append(expression).append("\n) ").append(from_clause);
  const auto statement = ReadStatement::prepare(guard, sql);
  if (!statement) {
    SqlProblem problem = statement.error();
    if (problem.offset) {
      const std::size_t end = start.size() + expression.size();
      if (*problem.offset >= end) problem.message = "the expression ends too early";
      problem.offset = std::clamp(*problem.offset, start.size(), end) - start.size();
    }
    return problem;
  }
  if (statement->column_names().size() != 1) return SqlProblem{"only one expression is allowed"};
  return std::nullopt;
}

Result<void> check_expression(SQLite::Database& database, std::string_view expression,
                              std::string_view from_clause) {
  std::optional<SqlProblem> problem;
  {
    ReadOnlyGuard guard(database, 0, system_clock());
    problem = expression_problem(guard, expression, from_clause);
  }
  if (!problem) return {};
  return fail(sql_error(*problem, expression, known_names(database)));
}

}  // namespace ktstr
