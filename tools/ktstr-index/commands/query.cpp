// SPDX-License-Identifier: MIT
#include "commands/query.hpp"

#include <filesystem>
#include <memory>

#include "answer.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "commands/commands.hpp"
#include "commands/query_arguments.hpp"
#include "commands/query_follow.hpp"
#include "database/views.hpp"
#include "environment/named_queries.hpp"
#include "environment/places.hpp"
#include "query/result_query.hpp"
#include "query/sessions.hpp"
#include "query/shown_sql.hpp"
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
  auto index = context.open_as_is();
  if (!index) return {};
  std::string sql;
  for (const ResultColumn& column : result_columns()) {
    sql += (sql.empty() ? "SELECT max(" : ", max(") + quote_name(column.name) + ")";
  }
  const auto rows = run_statement(index->database(), sql + k_example_rows, 0, system_clock());
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
      named_queries(context.index_options().variables,
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

int show_sql(const Context& context, OpenIndex& index, const ResultQuery& query) {
  const auto plan = query_plan(index.database(), query);
  if (!plan) return context.failed(plan.error());
  const bool is_past = is_past_attached(index.database());
  if (is_past && past_path(index.database()).empty()) {
    return context.failed({ErrorCode::usage, "without an archive there is no statement about it"});
  }
  // What the shell has to be told first.
  const std::string preamble =
      is_past ? past_preamble(index.database(), plan->statement) : std::string();
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

int show_paths(const Context& context, OpenIndex& index, ResultQuery query, bool nul,
               std::uint64_t& found) {
  query.select = {"path"};
  auto rows = make_bounded(index.database(), query.timeout_ns,
                           [&] { return run(index.database(), query, system_clock()); });
  if (!rows) return context.failed(rows.error());
  std::vector<Value> row;
  std::string text;
  while (true) {
    const auto more = (*rows)->next(row);
    if (!more) return context.failed(more.error());
    if (!*more) break;
    const auto* path = std::get_if<std::string>(row.data());
    if (path == nullptr) continue;
    const std::string whole = join_path(index.paths().root.path, *path);
    text += nul ? whole + '\0' : escape_control(whole) + "\n";
    ++found;
  }
  return context.print_text(text);
}

namespace {

void note_empty(const Context& context, OpenIndex& index, const ResultQuery& query) {
  std::vector<std::string> lines = suggestions(index.database(), without_lists(query.filters));
  if (query.expression) {
    const Filters asked = filters_of_expression(*query.expression);
    for (std::string& line : suggestions(index.database(), asked)) {
      lines.push_back(std::move(line));
    }
  }
  for (const std::string& line : lines) context.note(line);
}

/// Prints the rows or the paths; `found` gets the number of results.
int print_results(const Context& context, OpenIndex& index, const QueryArguments& arguments,
                  std::uint64_t& found) {
  const ResultQuery& query = arguments.query;
  if (arguments.paths || arguments.nul) {
    return show_paths(context, index, query, arguments.nul, found);
  }
  const Answer answer = print_answer(context, index, query.timeout_ns, [&] {
    return ktstr::run(index.database(), query, system_clock());
  });
  found = query.count_only ? static_cast<std::uint64_t>(answer.last_integer) : answer.rows;
  return answer.status;
}

Result<void> find_start(OpenIndex& index, const std::optional<std::string>& name,
                        std::optional<std::int64_t>& time_ns) {
  if (!name) return {};
  const auto found = find_session_reference(index.database(), *name);
  if (!found) return fail(found.error());
  if (!found->first_ns) {
    return fail(ErrorCode::usage, "the session " + found->session + " has no results, so no time");
  }
  time_ns = found->first_ns;
  return {};
}

void add_session(const Context& context, std::string_view named, const SessionReference& found,
                 Filters& filters) {
  // What was only begun may have been meant as a whole one, which has left nothing.
  if (!named.starts_with('@') && named != found.session) {
    context.note("the session " + found.session);
  }
  if (found.is_inferred) {
    filters.inferred_sessions.emplace_back(*found.first_ns, *found.last_ns);
  } else {
    filters.sessions.push_back(found.session);
  }
}

/// "a,b" is two sessions, unless there is one of that name: a token is whatever a harness wrote.
Result<void> find_sessions(const Context& context, OpenIndex& index, const std::string& names,
                           Filters& filters) {
  const auto whole = find_session_reference(index.database(), names);
  if (whole) add_session(context, names, *whole, filters);
  if (whole) return {};
  if (names.find(',') == std::string::npos) return fail(whole.error());
  for (const std::string_view name : split(names, ',')) {
    const auto found = find_session_reference(index.database(), name);
    if (!found) return fail(found.error());
    add_session(context, name, *found, filters);
  }
  return {};
}

/// The sessions that were named become filters.
Result<void> find_sessions(const Context& context, OpenIndex& index, QueryArguments& arguments) {
  Filters& filters = arguments.query.filters;
  for (const std::string& names : arguments.sessions) {
    if (auto found = find_sessions(context, index, names, filters); !found) return found;
  }
  if (auto since = find_start(index, arguments.since_session, filters.since_ns); !since) {
    return since;
  }
  return find_start(index, arguments.until_session, filters.until_ns);
}

/// Sessions are older than what is there now. An archive that nobody has named is no reason to
/// fail.
void look_at_sessions(const Context& context, OpenIndex& index, const QueryArguments& arguments) {
  if (arguments.over.over) return;
  if (!index.has_archive()) {
    if (context.names_archive()) {
      index.note_partial();
      context.note("the archive that was named is not there; this answer is without the past");
    }
    return;
  }
  const bool is_now = arguments.paths || arguments.nul || arguments.follow;
  const auto looked = look_over(context, index, is_now ? Over::now : Over::all, arguments.over);
  if (looked) return;
  index.note_partial();
  context.note(looked.error().text() + "; this answer is without the past");
}

/// Labels are the archive's, also those of what is there now.
Result<void> look_at_labels(OpenIndex& index, const OverArguments& over) {
  const auto missing = index.look_over({Over::now, over.all_projects});
  if (!missing) return fail(missing.error());
  if (missing->empty()) return {};
  return fail(ErrorCode::usage, "labels are kept in the archive, and " + *missing);
}

/// Opens what the query is about, and looks up what it names.
Result<OpenIndex> open_asked(const Context& context, QueryArguments& arguments,
                             CheckLevel fallback) {
  auto index = open_over(context, arguments.over, fallback);
  if (!index) return index;
  const auto prepared = [&]() -> Result<void> {
    if (names_sessions(arguments)) {
      look_at_sessions(context, *index, arguments);
      if (auto found = find_sessions(context, *index, arguments); !found) return found;
    }
    const bool is_attached = is_past_attached(index->database());
    const bool wants_labels = asks_for_labels(arguments.query);
    if (wants_labels && is_attached && past_path(index->database()).empty()) {
      return fail(ErrorCode::usage, "labels are kept in the archive, and there is none");
    }
    return wants_labels && !is_attached ? look_at_labels(*index, arguments.over) : Result<void>();
  }();
  if (!prepared) return fail(prepared.error());
  return index;
}

/// Of a gate: the answer and what it is judged by are of one moment, whoever writes meanwhile.
std::unique_ptr<SQLite::Transaction> one_moment(OpenIndex& index, const GateArguments& gate) {
  if (!gate.is_gate()) return nullptr;
  return std::make_unique<SQLite::Transaction>(index.database());
}

int answer(const Context& context, QueryArguments& arguments) {
  auto index = open_asked(context, arguments, CheckLevel::dirs);
  if (!index) return context.failed(index.error());
  const auto moment = one_moment(*index, arguments.gate);
  const ResultQuery& query = arguments.query;
  std::uint64_t found = 0;
  const int status = print_results(context, *index, arguments, found);
  if (status != k_done) return status;
  if (found == 0) note_empty(context, *index, query);
  for (const std::string& line : metric_notes(index->database(), query)) context.note(line);
  note_left_out(context, *index, query.filters);
  return judged(context, *index, arguments.gate, query, found, status);
}

int show_statement(const Context& context, QueryArguments& arguments) {
  auto index = open_asked(context, arguments, CheckLevel::none);
  if (!index) return context.failed(index.error());
  return show_sql(context, *index, arguments.query);
}

int follow(const Context& context, QueryArguments& arguments) {
  if (names_sessions(arguments)) {
    auto index = open_asked(context, arguments, CheckLevel::dirs);
    if (!index) return context.failed(index.error());
  }
  return follow_query(context, arguments.query);
}

int run(const Context& context, QueryArguments& arguments) {
  const bool is_table = context.format() == Format::table;
  if (const auto checked = check_arguments(arguments, is_table); !checked) {
    return context.failed(checked.error());
  }
  if (context.is_in() && (arguments.paths || arguments.follow || arguments.show_sql)) {
    return context.failed({ErrorCode::usage,
                           "--paths, --follow and --show-sql are about files and stores that are "
                           "there, not about what --in reads"});
  }
  arguments.query.expression = all_of(arguments.expressions);
  if (arguments.columns) return show_columns(context);
  if (arguments.named) return show_named_queries(context);
  if (arguments.show_sql) return show_statement(context, arguments);
  if (arguments.follow) return follow(context, arguments);
  return answer(context, arguments);
}

}  // namespace

Command make_query_command(const Context& context) {
  auto arguments = std::make_shared<QueryArguments>();
  Command command;
  command.name = "query";
  command.group = "Questions";
  command.summary = "Results, by any SQL expression and by filters";
  command.description =
      "EXPR is an SQL expression over the columns of `results` (--columns lists them), such as "
      "verdict, test_name, scheduler, topology, kernel_version, project_commit; several all have "
      "to hold. Filters may be repeated or hold a,b: the values of one are alternatives, different "
      "ones add up.\n\n"
      "--over past asks the archive, where results of this project stay when a re-run or a wiped "
      "directory takes their files; --over all has both, each result once. `results` has day, "
      "first_seen_ns, last_seen_ns, ended_ns and ending then. Sessions are named by their token or "
      "its beginning, by @last, @prev, @3 (those of this root, the newest first), or, where there "
      "is no token, as ~TIME; a question about sessions is over all unless --over says otherwise. "
      "label.KEY is a label that `refresh --label` or `run --label` has given, NULL for none.\n\n"
      "@NAME is a query kept in ktstr-index/config.json below XDG_CONFIG_HOME or in "
      ".ktstr-index.json of the repository: {\"queries\": {\"lavd\": \"scheduler='scx_lavd'\", "
      "\"slow\": [\"--order-by\", \"-worst_gap_ms\", \"--limit\", \"10\"]}}. More options and "
      "EXPR may follow it.";
  command.examples = {
      {"ktstr-index query \"verdict='fail' and scheduler='scx_lavd'\"", "what fails under lavd"},
      {"ktstr-index query --kernel 6.14 --verdict fail --expect none", "a gate for CI"},
      {"ktstr-index query --group-by scheduler,verdict", "counts"},
      {"ktstr-index query --metric worst_p99_wake_latency_us --order-by "
       "-worst_p99_wake_latency_us --limit 10",
       "the slowest wake-ups"},
      {"ktstr-index query --verdict fail,inconclusive --since today --follow",
       "failures on screen while the tests run"},
      {"ktstr-index query --over all --session @prev --verdict fail",
       "what failed the time before, re-run since or not"},
      {"ktstr-index query \"label.pr = '123'\" --over past", "the results of a pull request"},
      {"ktstr-index query --verdict fail -0 | xargs -0 jq .stats", "the files themselves"},
  };
  command.options = query_options(*arguments);
  command.positionals = {{"EXPR", "Which results", &arguments->expressions}};
  command.expand = take_named_query;
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
