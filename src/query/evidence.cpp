// SPDX-License-Identifier: MIT
#include "query/evidence.hpp"

#include <algorithm>

#include "database/connection.hpp"
#include "query/past.hpp"
#include "query/sessions.hpp"

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

void bind_all(SQLite::Statement& statement, const Parameters& parameters) {
  int index = 0;
  for (const Value& value : parameters.values()) bind_value(statement, ++index, value);
}

Result<std::string> in_place(const Filters& filters, Parameters& parameters) {
  Filters place;
  place.run_dirs = filters.run_dirs;
  auto condition = filter_condition(place, parameters);
  return condition && !condition->empty() ? " AND " + *condition : std::move(condition);
}

/// No record was read, so the file's time is all there is.
std::string in_time(const Filters& filters, Parameters& parameters) {
  std::string condition;
  if (filters.since_ns) condition += " AND mtime_ns >= " + parameters.add(*filters.since_ns);
  if (filters.until_ns) condition += " AND mtime_ns <= " + parameters.add(*filters.until_ns);
  return condition;
}

std::string in_sessions(const Filters& filters, Parameters& parameters) {
  if (filters.sessions.empty() && filters.inferred_sessions.empty()) return {};
  std::string any = "session IS NULL AND job <> ''";
  for (const std::string& session : filters.sessions) {
    any += " OR session = " + parameters.add(session);
  }
  for (const auto& [first_ns, last_ns] : filters.inferred_sessions) {
    any.append(" OR session IS NULL AND mtime_ns BETWEEN ")
        .append(parameters.add(first_ns))
        .append(" AND ")
        .append(parameters.add(last_ns));
  }
  return " AND (" + any + ")";
}

constexpr const char* k_not_replaced =
    " AND NOT EXISTS (SELECT 1 FROM files o WHERE o.run_dir = f.run_dir AND o.job = f.job\n"
    "    AND o.file_name = f.file_name AND o.status IN ('ok', 'drift'))";

/// Every result that the filters leave but for their verdict.
Result<bool> has_results(SQLite::Database& database, Filters filters) {
  filters.verdicts.clear();
  Parameters parameters;
  const auto condition = filter_condition(filters, parameters);
  if (!condition) return fail(condition.error());
  SQLite::Statement statement(database, "SELECT EXISTS (SELECT 1 FROM results" +
                                            (condition->empty() ? "" : " WHERE " + *condition) +
                                            ")");
  bind_all(statement, parameters);
  return statement.executeStep() && statement.getColumn(0).getInt() != 0;
}

/// Of "a,b" the whole is one alternative of three, and no slip if only its parts occur.
Filters without_lists(Filters filters) {
  for (const FilterField& field : filter_fields()) {
    std::erase_if(filters.*field.values,
                  [](const std::string& value) { return value.find(',') != std::string::npos; });
  }
  filters.verdicts.clear();  // a word that no result has is what a gate hopes for
  filters.sessions.clear();  // found already
  return filters;
}

/// Of an expression only the columns that have fixed words.
Filters fixed_words_of(const std::string& expression) {
  const Filters asked = filters_of_expression(expression);
  Filters fixed;
  fixed.run_sources = asked.run_sources;
  fixed.resolve_sources = asked.resolve_sources;
  return fixed;
}

void add_unknown_labels(SQLite::Database& database,
                        const std::vector<std::pair<std::string, std::string>>& labels,
                        std::vector<std::string>& sentences) {
  for (const auto& [key, value] : labels) {
    SQLite::Statement known(database,
                            "SELECT EXISTS (SELECT 1 FROM labels WHERE key = ? AND value = ?)");
    known.bind(1, key);
    known.bind(2, value);
    if (known.executeStep() && known.getColumn(0).getInt() != 0) continue;
    sentences.push_back("no result has the label " + key + "=" + value);
  }
}

std::vector<std::string> unknown_values(SQLite::Database& database, const ResultQuery& query) {
  std::vector<std::string> sentences = suggestions(database, without_lists(query.filters));
  add_unknown_labels(database, query.filters.labels, sentences);
  if (!query.expression) return sentences;
  for (std::string& sentence : suggestions(database, fixed_words_of(*query.expression))) {
    sentences.push_back(std::move(sentence));
  }
  add_unknown_labels(database, labels_of_expression(*query.expression), sentences);
  for (const std::string& verdict : filters_of_expression(*query.expression).verdicts) {
    Filters one;
    one.verdicts = {verdict};
    Parameters ignored;
    const auto checked = filter_condition(one, ignored);
    if (!checked) sentences.push_back(checked.error().message + "; " + checked.error().hint);
  }
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
    std::string sql = "SELECT status, count(*) FROM files f WHERE status <> 'ok'";
    sql += *place + in_time(filters, parameters) + in_sessions(filters, parameters);
    if (over_of(database) != Over::now) sql += k_not_replaced;
    SQLite::Statement statement(database, sql + " GROUP BY status");
    bind_all(statement, parameters);
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
    return Evidence{*found, *left_out, unknown_values(database, query)};
  });
}

}  // namespace ktstr
