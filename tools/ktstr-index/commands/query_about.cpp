// SPDX-License-Identifier: MIT
#include "commands/query_about.hpp"

#include <filesystem>

#include "base/clock.hpp"
#include "base/shell_text.hpp"
#include "base/visible_text.hpp"
#include "catalog/columns.hpp"
#include "environment/join_path.hpp"
#include "environment/named_queries.hpp"
#include "query/query_plan.hpp"
#include "query/statement.hpp"
#include "query/tokens.hpp"
#include "statement_bounds.hpp"

namespace ktstr {
namespace {

// Enough for an example of nearly every column, however large the pool is.
constexpr const char* k_example_rows =
    " FROM (SELECT * FROM results ORDER BY sidecar_id DESC LIMIT 1000)";

/// A value of each column; none where there is no pool or no result has one.
std::vector<Value> examples(const Context& context) {
  auto session = context.open_as_is();
  if (!session) return {};
  std::string sql;
  for (const ResultColumn& column : result_columns()) {
    sql += (sql.empty() ? "SELECT max(" : ", max(") + quote_name(column.name) + ")";
  }
  const auto rows = run_statement(session->database(), sql + k_example_rows, 0, system_clock());
  std::vector<Value> row;
  if (!rows || !(*rows)->next(row)) return {};
  return row;
}

Value text_or_null(std::string_view text) {
  return text.empty() ? Value() : Value(std::string(text));
}

}  // namespace

int show_columns(const Context& context) {
  std::vector<Value> values = examples(context);
  values.resize(result_columns().size());
  std::vector<std::vector<Value>> rows;
  for (const ResultColumn& column : result_columns()) {
    const std::size_t i = rows.size();
    rows.push_back({std::string(column.name), std::string(column_type_name(column.type)),
                    text_or_null(column.unit), std::string(column.meaning), values[i]});
  }
  RowList list({{"column", 0, 20}, {"type", 1}, {"unit", 2}, {"meaning", 0, 40}, {"example", 1}},
               std::move(rows));
  const int status = context.print_rows(list);
  if (status == k_done && context.is_for_people()) {
    context.note("metrics become columns with --metric NAME; list-metrics has their names");
  }
  return status;
}

int show_named_queries(const Context& context) {
  std::error_code ignored;
  const auto queries =
      named_queries(context.session_options().variables,
                    std::filesystem::current_path(ignored).string(), system_file_system());
  if (!queries) return context.failed(queries.error());
  std::vector<std::vector<Value>> rows;
  for (const NamedQuery& query : *queries) {
    rows.push_back({query.name, shell_line(query.arguments), query.from});
  }
  if (rows.empty()) {
    context.note(
        "no named queries: .ktstr-index.json in the repository has "
        "{\"queries\": {\"NAME\": \"EXPR\" or [ARGUMENTS]}}, and so has "
        "ktstr-index/config.json below XDG_CONFIG_HOME");
  }
  RowList list({{"name"}, {"arguments"}, {"from", 1}}, std::move(rows));
  return context.print_rows(list);
}

int show_sql(const Context& context, Session& session, const ResultQuery& query) {
  const auto plan = query_plan(session.database(), query);
  if (!plan) return context.failed(plan.error());
  const bool is_past = is_past_attached(session.database());
  if (is_past && past_path(session.database()).empty()) {
    return context.failed({ErrorCode::usage, "without an archive there is no statement about it"});
  }
  // What the shell has to be told first.
  const std::string preamble =
      is_past ? past_preamble(session.database(), plan->statement) : std::string();
  if (context.format() == Format::table) {
    std::string text = preamble + plan->statement + ";\n";
    text += plan->index.empty() ? "-- no index serves it: every result is looked at\n"
                                : "-- the index " + plan->index + " finds the results\n";
    for (const std::string& step : plan->steps) text.append("--   ").append(step).append("\n");
    return context.print_text(text);
  }
  JsonObject document;
  document.add("sql", plan->statement)
      .add("index", plan->index.empty() ? JsonValue(nullptr) : JsonValue(plan->index))
      .add("plan", json_array(plan->steps));
  std::vector<Fact> facts = {{"sql", plan->statement}, {"index", plan->index}};
  for (const std::string& step : plan->steps) facts.push_back({"plan", step});
  if (!preamble.empty()) {
    document.add("preamble", preamble);
    facts.push_back({"preamble", preamble});
  }
  return context.print_document(document, facts);
}

int show_paths(const Context& context, Session& session, ResultQuery query, bool nul,
               std::uint64_t& found) {
  query.select = {"path"};
  auto rows = make_bounded(session.database(), query.timeout_ns,
                           [&] { return run(session.database(), query, system_clock()); });
  if (!rows) return context.failed(rows.error());
  std::vector<Value> row;
  std::string text;
  while (true) {
    const auto more = (*rows)->next(row);
    if (!more) return context.failed(more.error());
    if (!*more) break;
    const auto* path = std::get_if<std::string>(row.data());
    if (path == nullptr) continue;
    const std::string whole = join_path(session.paths().root.path, *path);
    text += nul ? whole + '\0' : escape_control(whole) + "\n";
    ++found;
  }
  return context.print_text(text);
}

}  // namespace ktstr
