// SPDX-License-Identifier: MIT
#include <cstdio>
#include <memory>
#include <set>

#include "answer.hpp"
#include "base/hashing.hpp"
#include "commands/commands.hpp"
#include "commands/query_arguments.hpp"
#include "database/views.hpp"
#include "query/naming.hpp"
#include "query/statement.hpp"

namespace ktstr {
namespace {

struct ShowArguments {
  std::string name;
  bool is_raw = false;
  OverArguments over;
};

/// All rows of a statement, for the few that make one result.
Result<std::vector<std::vector<Value>>> read_rows(OpenIndex& index, const std::string& sql,
                                                  std::vector<RowColumn>* columns = nullptr) {
  auto source = run_statement(index.database(), sql, 0, system_clock());
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

/// The bytes of the result: of a file that still has them, else of the archive.
Result<std::string> read_bytes(const Context& context, OpenIndex& index, const std::string& id,
                               const std::vector<ResultPlace>& places) {
  for (const ResultPlace& place : places) {
    const auto file = system_file_system().open_file(index.paths().root.path + "/" + place.path);
    if (!file) continue;
    auto bytes = (*file)->read_all(context.limits().max_file_bytes);
    // A re-run may have put another result there.
    if (bytes && content_id(*bytes) == id) return std::move(*bytes);
  }
  if (!is_past_attached(index.database())) {
    if (const auto missing = index.look_over({}); !missing) return fail(missing.error());
  }
  const auto document = index.kept_document(id);
  if (!document) return fail(document.error());
  if (document->is_redacted)
    context.note("redacted when it was packed: these aren't all its bytes");
  return unpack_document(*document);
}

/// The record as it was written; null if it is no JSON object or is gone.
JsonValue read_record(const Context& context, OpenIndex& index, const std::string& id,
                      const std::vector<ResultPlace>& places) {
  const std::string& status = places.front().status;
  if (status != "ok" && status != "drift") return nullptr;
  auto bytes = read_bytes(context, index, id, places);
  if (!bytes) return nullptr;
  return JsonRaw{std::move(*bytes)};
}

/// Every column that the result has a value for, then its whole-run metrics.
Result<std::vector<Fact>> result_facts(OpenIndex& index, std::int64_t sidecar_id) {
  const std::string id = std::to_string(sidecar_id);
  std::vector<RowColumn> columns;
  const auto rows = read_rows(index, "SELECT * FROM results WHERE sidecar_id = " + id, &columns);
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
  // Over now and past, nothing would find the archive's by their negative numbers.
  const std::string metrics_of = sidecar_id < 0 ? "past.metrics WHERE sidecar_id = " + id.substr(1)
                                                : "metrics WHERE sidecar_id = " + id;
  const auto metrics = read_rows(index, "SELECT metric, value FROM " + metrics_of +
                                            " AND phase IS NULL AND cgroup IS NULL AND "
                                            "metric NOT IN (" +
                                            shown + ") ORDER BY metric");
  if (!metrics) return fail(metrics.error());
  for (const std::vector<Value>& row : *metrics) {
    facts.push_back({text_of(row[0]), text_of(row[1])});
  }
  return facts;
}

/// Something that the name means, in an index that is open for it.
struct Shown {
  OpenIndex index;
  NamedResult result;
};

/// What isn't there now may have been.
Result<Shown> find_in_past(const Context& context, const ShowArguments& arguments,
                           const Error& not_now) {
  auto index = context.open_over(Over::past, CheckLevel::dirs);
  if (!index || !index->has_archive()) return fail(not_now);
  if (const auto looked = index->look_over({Over::past, arguments.over.all_projects}); !looked) {
    context.note(looked.error().text());
    return fail(not_now);
  }
  auto result = resolve_result(index->database(), arguments.name);
  if (!result) {
    // Several in the past are news; that there is none there, too, isn't.
    const auto is_named = names_a_result(index->database(), arguments.name);
    return fail(is_named && *is_named ? result.error() : not_now);
  }
  if (index->has_root()) {
    context.note("not there any more; this is what the archive has (--over past)");
  }
  return Shown{std::move(*index), std::move(*result)};
}

Result<Shown> find(const Context& context, const ShowArguments& arguments) {
  auto index = open_over(context, arguments.over);
  if (!index) {
    const Error& error = index.error();
    const bool is_open = !arguments.over.over && error.code == ErrorCode::not_found;
    return is_open ? find_in_past(context, arguments, error) : Result<Shown>(fail(error));
  }
  auto result = resolve_result(index->database(), arguments.name);
  if (result) return Shown{std::move(*index), std::move(*result)};
  const auto is_named = names_a_result(index->database(), arguments.name);
  const bool is_open = !arguments.over.over && is_named && !*is_named;
  return is_open ? find_in_past(context, arguments, result.error())
                 : Result<Shown>(fail(result.error()));
}

/// Byte for byte, also to a terminal.
int print_raw(const Context& context, Shown& shown, const std::vector<ResultPlace>& places) {
  if (shown.result.id.empty()) {
    return context.failed({ErrorCode::io, "it can't be read", places.front().path});
  }
  const auto bytes = read_bytes(context, shown.index, shown.result.id, places);
  if (!bytes) return context.failed(bytes.error());
  FileOutput output(stdout);
  auto written = output.write(*bytes);
  if (written) written = output.flush();
  return written ? k_done : context.failed(written.error());
}

int print(const Context& context, Shown& shown, const std::vector<ResultPlace>& places) {
  auto facts = result_facts(shown.index, shown.result.sidecar_ids.front());
  if (!facts) return context.failed(facts.error());
  JsonArray paths;
  std::vector<Fact> lines;
  std::set<std::string> known;
  for (const ResultPlace& place : places) {
    if (!known.insert(place.path).second) continue;  // of several roots
    paths.emplace_back(place.path);
    lines.push_back({"path", place.path});
  }
  const ResultPlace& first = places.front();
  lines.push_back({"status", first.status});
  if (!first.error.empty()) lines.push_back({"error", first.error});
  for (Fact& fact : *facts) {
    if (fact.name != "error") lines.push_back(std::move(fact));
  }
  const std::string& id = shown.result.id;
  JsonObject document;
  document.add("id", id.empty() ? JsonValue(nullptr) : JsonValue(id))
      .add("paths", std::move(paths))
      .add("status", first.status)
      .add("error", first.error.empty() ? JsonValue(nullptr) : JsonValue(first.error));
  const bool is_document = context.format() == Format::json || context.format() == Format::jsonl;
  if (is_document) document.add("record", read_record(context, shown.index, id, places));
  return context.print_document(document, lines);
}

int run(const Context& context, const ShowArguments& arguments) {
  auto shown = find(context, arguments);
  if (!shown) return context.failed(shown.error());
  const auto places = result_places(shown->index.database(), shown->result);
  if (!places) return context.failed(places.error());
  if (places->empty()) return context.failed({ErrorCode::usage, "the result is gone"});
  return arguments.is_raw ? print_raw(context, *shown, *places) : print(context, *shown, *places);
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
      "--format json adds the record as it stands in the file. What isn't there now is looked for "
      "in the archive; --over past or all says so, and then a name that several results have had "
      "is told apart by their ids. --raw prints the file's bytes as they are or were.";
  command.examples = {{"ktstr-index show 3fa9c1d2", "by id"},
                      {"ktstr-index show 6.14.2-abc1234/my_test --format json", "by name"},
                      {"ktstr-index show 3fa9c1d2 --raw > before.json", "the file, byte for byte"}};
  command.options = {{"--raw", "", "Only the sidecar's bytes", &arguments->is_raw}};
  for (Option& option : over_options(arguments->over)) {
    command.options.push_back(std::move(option));
  }
  command.positionals = {{"RESULT", "Which one", &arguments->name, true}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
