// SPDX-License-Identifier: MIT
#include "query/query_plan.hpp"

#include <charconv>
#include <map>

#include "base/json_text.hpp"
#include "base/visible_text.hpp"
#include "catalog/connection.hpp"
#include "query/shown_sql.hpp"
#include "query/tokens.hpp"

namespace ktstr {
namespace {

std::string literal(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) {
    std::string text;
    append_json_double(text, *real);
    return text;
  }
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? "NULL" : sql_literal(*text);
}

/// "SEARCH s USING INDEX sidecar_by_verdict (verdict=?)" of the results' own table: the index.
std::string index_of(const std::string& step) {
  constexpr std::string_view k_using = " USING ";
  if (!step.starts_with("SEARCH s ")) return {};
  const std::size_t at = step.find(k_using);
  if (at == std::string::npos) return {};
  std::string rest = step.substr(at + k_using.size());
  for (const char* word : {"COVERING ", "INDEX "}) {
    if (rest.starts_with(word)) rest.erase(0, std::string_view(word).size());
  }
  return rest.substr(0, rest.find(" ("));
}

void explain(SQLite::Database& database, const ResultSql& sql, QueryPlan& plan) {
  SQLite::Statement statement(database, "EXPLAIN QUERY PLAN " + sql.sql);
  int index = 0;
  for (const Value& value : sql.parameters) bind_value(statement, ++index, value);
  std::map<int, int> depths = {{0, -1}};
  bool all_directories = false;
  while (statement.executeStep()) {
    const int depth = depths[statement.getColumn(1).getInt()] + 1;
    depths[statement.getColumn(0).getInt()] = depth;
    const std::string step = escape_control(column_bytes(statement, 3));
    plan.steps.push_back(std::string(static_cast<std::size_t>(depth) * 2, ' ') + step);
    if (plan.index.empty()) plan.index = index_of(step);
    all_directories = all_directories || step == "SCAN d" || step.starts_with("SCAN d ");
  }
  // Then the index only says in which order to look at everything.
  if (all_directories) plan.index.clear();
}

}  // namespace

std::string with_values(const std::string& sql, const std::vector<Value>& values) {
  const auto tokens = tokenize(sql);
  if (!tokens) return sql;
  std::string out;
  std::size_t at = 0;
  for (const Token& token : *tokens) {
    if (token.kind != Token::Kind::parameter || token.text.front() != '?') continue;
    std::size_t number = 0;
    std::from_chars(token.text.data() + 1, token.text.data() + token.text.size(), number);
    if (number == 0 || number > values.size()) continue;
    out.append(sql, at, token.offset - at).append(literal(values[number - 1]));
    at = token.offset + token.text.size();
  }
  return out + sql.substr(at);
}

Result<QueryPlan> query_plan(SQLite::Database& database, const ResultQuery& query) {
  const auto sql = result_sql(database, query);
  if (!sql) return fail(sql.error());
  return guarded(database.getFilename(), [&] {
    QueryPlan plan;
    plan.statement = shown_sql(with_values(sql->sql, sql->parameters));
    explain(database, *sql, plan);
    return plan;
  });
}

}  // namespace ktstr
