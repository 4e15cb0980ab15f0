// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "base/text.hpp"
#include "catalog/columns.hpp"
#include "commands/commands.hpp"
#include "query/naming.hpp"
#include "query/statement.hpp"

namespace ktstr {
namespace {

struct ShowArguments {
  std::string name;
};

/// All rows of a statement, for the few that make one result.
Result<std::vector<std::vector<Value>>> read_rows(Session& session, const std::string& sql,
                                                  std::vector<RowColumn>* columns = nullptr) {
  auto source = run_statement(session.database(), sql, 0, system_clock());
  if (!source) return fail(std::move(source.error()));
  if (columns != nullptr) *columns = (*source)->columns();
  std::vector<std::vector<Value>> rows;
  std::vector<Value> row;
  while (true) {
    const auto more = (*source)->next(row);
    if (!more) return fail(more.error());
    if (!*more) return rows;
    rows.push_back(row);
  }
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", *real);
    return text;
  }
  return {};
}

/// The record as it stands in the file; null if the file is no JSON object or is gone.
JsonValue read_record(const Session& session, const ResultPlace& place, const ReadLimits& limits) {
  if (place.status != "ok" && place.status != "drift") return nullptr;
  const auto file = system_file_system().open_file(session.paths().root.path + "/" + place.path);
  if (!file) return nullptr;
  auto text = (*file)->read_all(limits.max_file_bytes);
  if (!text) return nullptr;
  return JsonRaw{std::move(*text)};
}

/// Every column that the result has a value for, then its whole-run metrics.
Result<std::vector<Fact>> result_facts(Session& session, std::int64_t sidecar_id) {
  const std::string id = std::to_string(sidecar_id);
  std::vector<RowColumn> columns;
  const auto rows = read_rows(session, "SELECT * FROM results WHERE sidecar_id = " + id, &columns);
  if (!rows) return fail(rows.error());
  std::vector<Fact> facts;
  for (const std::vector<Value>& row : *rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_shown = columns[i].name != "sidecar_id" && columns[i].name != "path";
      const std::string text = text_of(row[i]);
      if (is_shown && !text.empty()) facts.push_back({columns[i].name, text});
    }
  }
  // Some metrics are columns of the result too.
  std::string shown;
  for (const ResultColumn& column : result_columns()) {
    shown += (shown.empty() ? "'" : ", '") + std::string(column.name) + "'";
  }
  const auto metrics =
      read_rows(session, "SELECT metric, value FROM metrics WHERE sidecar_id = " + id +
                             " AND phase IS NULL AND cgroup IS NULL AND "
                             "metric NOT IN (" +
                             shown + ") ORDER BY metric");
  if (!metrics) return fail(metrics.error());
  for (const std::vector<Value>& row : *metrics) {
    facts.push_back({text_of(row[0]), text_of(row[1])});
  }
  return facts;
}

int run(const Context& context, const ShowArguments& arguments) {
  auto session = context.open(CheckLevel::dirs);
  if (!session) return context.failed(session.error());
  const auto result = resolve_result(session->database(), arguments.name);
  if (!result) return context.failed(result.error());
  const auto places = result_places(session->database(), *result);
  if (!places) return context.failed(places.error());
  if (places->empty()) return context.failed({ErrorCode::usage, "the result is gone"});
  auto facts = result_facts(*session, result->sidecar_ids.front());
  if (!facts) return context.failed(facts.error());

  JsonArray paths;
  std::vector<Fact> shown;
  for (const ResultPlace& place : *places) {
    paths.emplace_back(place.path);
    shown.push_back({"path", place.path});
  }
  const ResultPlace& first = places->front();
  shown.push_back({"status", first.status});
  if (!first.error.empty()) shown.push_back({"error", first.error});
  for (Fact& fact : *facts) {
    if (fact.name != "error") shown.push_back(std::move(fact));
  }
  JsonObject document;
  document.add("id", result->id.empty() ? JsonValue(nullptr) : JsonValue(result->id))
      .add("paths", std::move(paths))
      .add("status", first.status)
      .add("error", first.error.empty() ? JsonValue(nullptr) : JsonValue(first.error))
      .add("record", read_record(*session, first, context.limits()));
  return context.print_document(document, shown);
}

}  // namespace

Command make_show_command(const Context& context) {
  auto arguments = std::make_shared<ShowArguments>();
  Command command;
  command.name = "show";
  command.group = "Questions";
  command.summary = "One result, with its whole-run metrics";
  command.description =
      "RESULT is 4 or more digits of an id, or [RUN-DIR/][JOB/]TEST[-HASH], or the path of a file. "
      "--format json adds the record as it stands in the file.";
  command.examples = {{"ktstr-index show 3fa9c1d2", "by id"},
                      {"ktstr-index show 6.14.2-abc1234/my_test --format json", "by name"}};
  command.positionals = {{"RESULT", "Which one", &arguments->name, true}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
