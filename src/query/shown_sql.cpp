// SPDX-License-Identifier: MIT
#include "query/shown_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
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
  bind_values(statement, sql.parameters);
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

namespace {

// SQLite refuses an expression that is nested deeper than a thousand.
constexpr std::size_t k_most_parts = 100;

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char byte : text) out += byte == '\'' ? std::string("''") : std::string(1, byte);
  return out + "'";
}

std::string from_bytes(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return "CAST(x'" + hex + "' AS TEXT)";
}

enum class RunKind { visible, invisible, invalid };

RunKind kind_of(const Utf8Sequence& sequence) {
  if (!sequence.valid) return RunKind::invalid;
  return is_invisible(sequence.code_point) ? RunKind::invisible : RunKind::visible;
}

/// The bytes at the start of `text` that are of one kind.
std::size_t run_length(std::string_view text, RunKind kind) {
  std::size_t length = 0;
  while (length < text.size()) {
    const Utf8Sequence sequence = first_utf8_sequence(text.substr(length));
    if (kind_of(sequence) != kind) break;
    length += sequence.length;
  }
  return length;
}

std::string characters(std::string_view text) {
  std::string numbers;
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    const auto code = static_cast<std::uint32_t>(sequence.code_point);
    numbers += (numbers.empty() ? "" : ", ") + std::to_string(code);
    text.remove_prefix(sequence.length);
  }
  return "char(" + numbers + ")";
}

std::vector<std::string> literal_parts(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const RunKind kind = kind_of(first_utf8_sequence(text));
    const std::string_view run = text.substr(0, run_length(text, kind));
    if (kind == RunKind::visible) parts.push_back(quoted(run));
    if (kind == RunKind::invisible) parts.push_back(characters(run));
    if (kind == RunKind::invalid) parts.push_back(from_bytes(run));
    text.remove_prefix(run.size());
  }
  return parts;
}

std::string string_content(std::string_view token) {
  std::string content;
  for (std::size_t i = 1; i + 1 < token.size(); ++i) {
    content += token[i];
    if (token[i] == '\'') ++i;  // the second of two
  }
  return content;
}

/// White space and comments, where a line's end may mean something.
std::string shown_gap(std::string_view gap) {
  std::string out;
  bool is_first = true;
  for (const std::string_view line : split(gap, '\n')) {
    if (!std::exchange(is_first, false)) out += '\n';
    std::string spaced(line);
    std::replace_if(
        spaced.begin(), spaced.end(), [](char c) { return c == '\t' || c == '\r' || c == '\f'; },
        ' ');
    out += escape_control(spaced);
  }
  return out;
}

/// Behind AS, and behind what is an operand already, a string is a name.
bool is_name_after(const Token* before) {
  if (before == nullptr) return false;
  return before->is_keyword("as") || before->is_symbol(')') ||
         (before->kind != Token::Kind::symbol && before->kind != Token::Kind::word);
}

std::string shown_token(const Token& token, const Token* before) {
  if (is_visible(token.text)) return std::string(token.text);
  if (token.kind == Token::Kind::string && !is_name_after(before)) {
    return sql_literal(string_content(token.text));
  }
  const std::string escaped = escape_control(token.text);
  return token.kind == Token::Kind::word ? quote_name(escaped) : escaped;
}

}  // namespace

std::string sql_literal(std::string_view text) {
  if (is_visible(text)) return quoted(text);
  const std::vector<std::string> parts = literal_parts(text);
  if (parts.size() > k_most_parts) return from_bytes(text);
  if (parts.size() == 1) return parts.front();
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "(" : " || ") + part;
  return joined + ")";
}

std::string shown_sql(const std::string& sql) {
  const auto tokens = tokenize(sql);
  if (!tokens) return shown_gap(sql);
  std::string out;
  std::size_t at = 0;
  const Token* before = nullptr;
  for (const Token& token : *tokens) {
    out += shown_gap(std::string_view(sql).substr(at, token.offset - at));
    out += shown_token(token, before);
    at = token.offset + token.text.size();
    before = &token;
  }
  return out + shown_gap(std::string_view(sql).substr(at));
}

}  // namespace ktstr
