// SPDX-License-Identifier: MIT
#include "query/evidence.hpp"

#include <algorithm>
#include <utility>

#include "database/connection.hpp"
#include "database/views.hpp"
#include "query/past.hpp"
#include "query/sessions.hpp"
#include "query/tokens.hpp"

namespace ktstr {
namespace {

constexpr const char* k_left_out_of_run =
    "SELECT t.status, count(*)\n"
    "FROM sidecar t JOIN directory d USING(directory_id)\n"
    "WHERE t.status <> 'ok' AND d.run_dir = ?1 AND (?2 IS NULL OR d.job = ?2)\nGROUP BY t.status";

LeftOutCounts read_counts(SQLite::Statement& statement) {
  LeftOutCounts left_out;
  while (statement.executeStep()) {
    const std::string status = column_bytes(statement, 0);
    const std::int64_t count = statement.getColumn(1).getInt64();
    if (status == "drift") left_out.drift = count;
    if (status == "corrupt") left_out.corrupt = count;
    if (status == "unreadable") left_out.unreadable = count;
  }
  return left_out;
}

Result<std::string> in_place(const Filters& filters, Parameters& parameters) {
  Filters place;
  place.run_dirs = filters.run_dirs;
  auto condition = filter_condition(place, parameters);
  return condition && !condition->empty() ? " AND " + *condition : std::move(condition);
}

/// No record was read, so the file's time is all there is: the record is no younger, but may be
/// older. So only a file from before `since` is surely no part of it.
std::string in_time(const Filters& filters, Parameters& parameters) {
  if (!filters.since_ns) return {};
  return " AND (mtime_ns IS NULL OR mtime_ns >= " + parameters.add(*filters.since_ns) + ")";
}

std::string in_sessions(const Filters& filters, Parameters& parameters) {
  if (filters.sessions.empty() && filters.inferred_sessions.empty()) return {};
  std::string any = "session IS NULL AND job <> ''";
  for (const std::string& session : filters.sessions) {
    any += " OR session = " + parameters.add(session);
  }
  for (const auto& [first_ns, last_ns] : filters.inferred_sessions) {
    any.append(" OR session IS NULL AND (mtime_ns IS NULL OR mtime_ns >= ")
        .append(parameters.add(first_ns - k_session_gap_ns))
        .append(")");
  }
  return " AND (" + any + ")";
}

/// Of the results that the filters leave, whatever their verdict.
Result<bool> has_results(SQLite::Database& database, Filters filters) {
  filters.verdicts.clear();
  Parameters parameters;
  const auto condition = filter_condition(filters, parameters);
  if (!condition) return fail(condition.error());
  return any_result(database, condition->empty() ? "1" : *condition, parameters);
}

Result<std::int64_t> count_undecided(SQLite::Database& database, Filters filters) {
  filters.verdicts.clear();
  Parameters parameters;
  const auto condition = filter_condition(filters, parameters);
  if (!condition) return fail(condition.error());
  SQLite::Statement statement(database, "SELECT count(*) FROM results WHERE verdict IS NULL" +
                                            (condition->empty() ? "" : " AND " + *condition));
  bind_values(statement, parameters.values());
  statement.executeStep();
  return statement.getColumn(0).getInt64();
}

/// Whether all that it compares has to hold. Where that is not sure, nothing in it is a slip.
bool is_conjunction(const std::string& expression) {
  const auto tokens = tokenize(expression);
  if (!tokens) return false;
  return std::none_of(tokens->begin(), tokens->end(), [](const Token& token) {
    return token.is_keyword("or") || token.is_keyword("not") || token.is_keyword("case") ||
           token.is_keyword("select");
  });
}

/// What it asks of results, whatever their verdict; nothing where that is not sure.
Filters asked_by(const std::optional<std::string>& expression) {
  if (!expression || !is_conjunction(*expression)) return {};
  Filters filters = filters_of_expression(*expression);
  filters.verdicts.clear();
  return filters;
}

/// What may be a slip.
Filters doubtful(Filters filters) {
  filters = without_lists(std::move(filters));
  filters.verdicts.clear();  // a word that no result has is what a gate hopes for
  filters.sessions.clear();  // found already
  return filters;
}

void add_unknown_labels(SQLite::Database& database,
                        const std::vector<std::pair<std::string, std::string>>& labels,
                        std::vector<std::string>& sentences) {
  for (const auto& [key, value] : labels) {
    SQLite::Statement known(database,
                            "SELECT EXISTS (SELECT 1 FROM labels l JOIN results r ON r.id = l.id "
                            "WHERE l.key = ? AND l.value = ?)");
    known.bind(1, key);
    known.bind(2, value);
    if (known.executeStep() && known.getColumn(0).getInt() != 0) continue;
    sentences.push_back("no result has the label " + key);
    sentences.back().append("=").append(value);
  }
}

void add_misspelt_verdicts(const std::string& expression, std::vector<std::string>& sentences) {
  for (const std::string& verdict : filters_of_expression(expression).verdicts) {
    const auto checked = check_verdicts({verdict});
    if (!checked) sentences.push_back(checked.error().message + "; " + checked.error().hint);
  }
}

/// Metrics of a phase or cgroup that nothing has are all NULL.
void add_unknown_series(SQLite::Database& database, const ResultQuery& query,
                        std::vector<std::string>& sentences) {
  const auto is_there = [&](const char* condition, const Value& value) {
    SQLite::Statement known(database,
                            std::string("SELECT EXISTS (SELECT 1 FROM metrics WHERE ") + condition);
    bind_value(known, 1, value);
    return known.executeStep() && known.getColumn(0).getInt() != 0;
  };
  if (query.cgroup && !is_there("cgroup = ?)", *query.cgroup)) {
    sentences.push_back("no result has the cgroup '" + *query.cgroup + "'");
  }
  if (query.phase && !is_there("phase = ?)", *query.phase)) {
    sentences.push_back("no result has the phase " + std::to_string(*query.phase));
  }
}

std::vector<std::string> unknown_values(SQLite::Database& database, const ResultQuery& query) {
  std::vector<std::string> sentences = suggestions(database, doubtful(query.filters));
  add_unknown_labels(database, query.filters.labels, sentences);
  add_unknown_series(database, query, sentences);
  if (!query.expression) return sentences;
  add_misspelt_verdicts(*query.expression, sentences);
  if (!is_conjunction(*query.expression)) return sentences;
  for (std::string& sentence : suggestions(database, asked_by(query.expression))) {
    sentences.push_back(std::move(sentence));
  }
  add_unknown_labels(database, labels_of_expression(*query.expression), sentences);
  return sentences;
}

}  // namespace

Result<LeftOutCounts> count_left_out(SQLite::Database& database, const NamedRun& run) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database, k_left_out_of_run);
    bind_run(statement, run);
    return read_counts(statement);
  });
}

Result<LeftOutCounts> count_left_out(SQLite::Database& database, const Filters& filters) {
  Parameters parameters;
  auto place = in_place(filters, parameters);
  if (!place) return fail(std::move(place.error()));
  return guarded(database.getFilename(), [&] {
    // The past also says what a later version stood in place of.
    const bool is_now = over_of(database) == Over::now;
    std::string sql = "SELECT status, count(*) FROM ";
    sql += is_now ? "files WHERE" : "result_files WHERE is_replaced = 0 AND";
    sql += " status <> 'ok'";
    sql += *place + in_time(filters, parameters) + in_sessions(filters, parameters);
    SQLite::Statement statement(database, sql + " GROUP BY status");
    bind_values(statement, parameters.values());
    LeftOutCounts left_out = read_counts(statement);
    if (!filters.strict) left_out.drift = 0;
    return left_out;
  });
}

std::string left_out_text(const LeftOutCounts& left_out) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* kind) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  };
  add(left_out.corrupt, "corrupt");
  add(left_out.unreadable, "unreadable");
  add(left_out.drift, "of another schema");
  return text;
}

Result<Evidence> evidence_of(SQLite::Database& database, const ResultQuery& query) {
  auto left_out = count_left_out(database, query.filters);
  if (!left_out) return fail(std::move(left_out.error()));
  return guarded(database.getFilename(), [&]() -> Result<Evidence> {
    const auto found = has_results(database, query.filters);
    if (!found) return fail(found.error());
    const auto asked = has_results(database, asked_by(query.expression));
    if (!asked) return fail(asked.error());
    const auto undecided = count_undecided(database, query.filters);
    if (!undecided) return fail(undecided.error());
    return Evidence{*found && *asked, *undecided, *left_out, unknown_values(database, query)};
  });
}

}  // namespace ktstr
