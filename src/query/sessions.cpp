// SPDX-License-Identifier: MIT
#include "query/sessions.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "database/views.hpp"
#include "query/filters.hpp"
#include "query/past.hpp"
#include "query/tokens.hpp"

namespace ktstr {
namespace {

bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/// Whether `label`, a dot and a key begin at token `at`.
bool begins_label(const std::vector<Token>& tokens, std::size_t at) {
  return at + 2 < tokens.size() && tokens[at].is_keyword("label") &&
         tokens[at + 1].is_symbol('.') && tokens[at + 2].kind == Token::Kind::word &&
         is_label_key(tokens[at + 2].text);
}

/// Where labels begin; none if the text uses the word for something else.
std::vector<std::size_t> find_labels(const std::vector<Token>& tokens) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (!tokens[at].can_be_name() || token_name(tokens[at]) != "label") continue;
    if (at > 0 && tokens[at - 1].is_symbol('.')) continue;  // a column of that name
    if (!begins_label(tokens, at)) return {};
    found.push_back(at);
  }
  return found;
}

}  // namespace

bool is_label_key(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char byte) { return is_letter(byte) || (byte >= '0' && byte <= '9'); });
}

Result<std::pair<std::string, std::string>> parse_label(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || !is_label_key(text.substr(0, equals))) {
    return fail(ErrorCode::usage, "'" + std::string(text) + "' is no label", "",
                "KEY=VALUE, the key of letters, digits and underscores");
  }
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::size_t LabelledText::original_offset(std::size_t offset) const {
  std::size_t shift_from = 0;
  std::size_t shift_to = 0;
  for (const Change& change : changes) {
    if (offset < change.begin) break;
    if (offset < change.end) return change.original;
    shift_from = change.end;
    shift_to = change.original_end;
  }
  return offset - shift_from + shift_to;
}

LabelledText with_labels(std::string_view expression) {
  const auto tokens = tokenize(expression);
  LabelledText labelled;
  std::size_t done = 0;
  for (const std::size_t at : tokens ? find_labels(*tokens) : std::vector<std::size_t>()) {
    const Token& key = (*tokens)[at + 2];
    const std::size_t begin = (*tokens)[at].offset;
    labelled.text.append(expression.substr(done, begin - done));
    done = key.offset + key.text.size();
    const std::size_t from = labelled.text.size();
    labelled.text.append("(SELECT l.value FROM labels l WHERE l.id = results.id AND l.key = '")
        .append(key.text)
        .append("')");
    labelled.changes.push_back({from, labelled.text.size(), begin, done});
  }
  labelled.text.append(expression.substr(done));
  return labelled;
}

bool names_label(std::string_view expression) {
  const auto tokens = tokenize(expression);
  return tokens && !find_labels(*tokens).empty();
}

std::vector<std::pair<std::string, std::string>> labels_of_expression(std::string_view expression) {
  const auto tokens = tokenize(expression);
  std::vector<std::pair<std::string, std::string>> labels;
  for (const std::size_t at : tokens ? find_labels(*tokens) : std::vector<std::size_t>()) {
    if (const auto value = compared_text(*tokens, at + 3)) {
      labels.emplace_back((*tokens)[at + 2].text, *value);
    }
  }
  return labels;
}

bool is_label(std::string_view expression) {
  const auto tokens = tokenize(expression);
  return tokens && tokens->size() == 3 && begins_label(*tokens, 0);
}

namespace {

std::string counted(std::int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

Result<std::optional<SessionSummary>> find_session(SQLite::Database& database,
                                                   const std::string& session) {
  return guarded(database.getFilename(), [&]() -> std::optional<SessionSummary> {
    SQLite::Statement statement(database,
                                "SELECT run_dirs, tests, pass, fail, skip, inconclusive\n"
                                "FROM sessions WHERE session = ?");
    statement.bind(1, session);
    if (!statement.executeStep()) return std::nullopt;
    SessionSummary summary;
    std::int64_t* const places[] = {&summary.run_dirs, &summary.tests, &summary.pass,
                                    &summary.fail,     &summary.skip,  &summary.inconclusive};
    for (int i = 0; i < 6; ++i) *places[i] = statement.getColumn(i).getInt64();
    return summary;
  });
}

std::string session_text(const SessionSummary& summary) {
  std::string text = counted(summary.tests, "test", "tests") + " in " +
                     counted(summary.run_dirs, "run directory", "run directories");
  const std::pair<std::int64_t, const char*> verdicts[] = {{summary.pass, "pass"},
                                                           {summary.fail, "fail"},
                                                           {summary.skip, "skip"},
                                                           {summary.inconclusive, "inconclusive"}};
  const char* separator = ": ";
  for (const auto& [count, name] : verdicts) {
    if (count == 0) continue;
    text += separator + std::to_string(count) + " " + name;
    separator = ", ";
  }
  return text;
}

namespace {

constexpr std::size_t k_sessions_listed = 4;

std::string now_rows() {
  return std::string("SELECT ") + k_catalog_session +
         " AS session, t.timestamp AS timestamp,\n"
         "  t.time_ns AS time_ns\n"
         "FROM main.sidecar t JOIN main.directory d USING(directory_id) WHERE t.status = 'ok'\n"
         // A session of which nothing can be read is the last one all the same.
         "UNION ALL SELECT d.session, NULL, t.mtime_ns\n"
         "FROM main.sidecar t JOIN main.directory d USING(directory_id)\n"
         "WHERE t.status <> 'ok' AND d.job = '' AND d.session IS NOT NULL\n"
         // Those that have left nothing, so far.
         "UNION ALL SELECT session, NULL, NULL FROM main.directory\n"
         "  WHERE job = '' AND session IS NOT NULL\n";
}

/// Of the archive in that schema; ?1 is the root.
std::string past_rows(const std::string& schema) {
  return "SELECT t.session AS session, t.timestamp AS timestamp, t.time_ns AS time_ns\n"
         "FROM " +
         schema + ".sidecar t JOIN " + schema + ".directory d USING(directory_id) JOIN " + schema +
         ".runs_root r USING(root_id)\n"
         "WHERE t.status = 'ok' AND (?1 = '' OR (r.path = ?1 AND r.origin = ''))\n";
}

std::string sessions_sql(const std::string& rows) {
  return "WITH rows AS (" + rows +
         ")\n"
         "SELECT session, 0, min(time_ns), max(time_ns) AS last_ns FROM rows\n"
         "WHERE session IS NOT NULL GROUP BY session\n"
         "UNION ALL\n"
         "SELECT '~' || min(timestamp), 1, min(time_ns), max(time_ns) AS last_ns\n"
         "FROM (SELECT *, sum(is_first) OVER (ORDER BY time_ns) AS number\n"
         "  FROM (SELECT timestamp, time_ns,\n"
         "      time_ns - lag(time_ns, 1, 0) OVER (ORDER BY time_ns) > " +
         std::to_string(k_session_gap_ns) +
         " AS is_first\n"
         "    FROM rows WHERE session IS NULL AND time_ns IS NOT NULL))\n"
         "GROUP BY number\n"
         "ORDER BY last_ns DESC, 1 DESC";
}

std::optional<std::int64_t> time_at(SQLite::Statement& statement, int index) {
  if (statement.getColumn(index).isNull()) return std::nullopt;
  return statement.getColumn(index).getInt64();
}

bool is_archive(SQLite::Database& database) {
  return database
             .execAndGet(
                 "SELECT count(*) FROM main.sqlite_master WHERE name = 'runs_root' AND "
                 "type = 'table'")
             .getInt() > 0;
}

std::string root_of(SQLite::Database& database) {
  SQLite::Statement select(database, "SELECT value FROM main.setting WHERE key = 'root'");
  return select.executeStep() ? column_bytes(select, 0) : std::string();
}

/// "@2", "@prev": 2. Nothing for what is no such word.
std::optional<std::size_t> number_of(std::string_view text) {
  if (text == "@last") return 1;
  if (text == "@prev") return 2;
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + 1, end, number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == end && number > 0;
  return is_number ? std::optional(number) : std::nullopt;
}

std::string described(const SessionReference& session) {
  std::string text = escape_control(session.session);
  if (session.first_ns && !session.is_inferred) {
    text += " (" + iso8601_utc(*session.first_ns) + ")";
  }
  return text;
}

std::string newest_few(const std::vector<SessionReference>& sessions) {
  if (sessions.empty()) return "there are no sessions yet";
  std::string text = "the newest:";
  for (std::size_t i = 0; i < sessions.size() && i < k_sessions_listed; ++i) {
    text += "\n@" + std::to_string(i + 1) + "  " + described(sessions[i]);
  }
  if (sessions.size() > k_sessions_listed) {
    text += "\nand " + std::to_string(sessions.size() - k_sessions_listed) + " more";
  }
  return text;
}

Error unknown(std::string_view text, const std::vector<SessionReference>& sessions) {
  return {ErrorCode::usage, "there is no session '" + std::string(text) + "'", "",
          newest_few(sessions)};
}

Result<SessionReference> find_by_name(std::string_view text,
                                      const std::vector<SessionReference>& sessions) {
  std::vector<SessionReference> begun;
  for (const SessionReference& session : sessions) {
    if (session.session == text) return session;
    if (!text.empty() && session.session.starts_with(text)) begun.push_back(session);
  }
  if (begun.empty()) return fail(unknown(text, sessions));
  if (begun.size() == 1) return begun.front();
  Error error{ErrorCode::usage,
              "'" + std::string(text) + "' begins " + std::to_string(begun.size()) + " sessions"};
  error.hint = "one of these:";
  for (const SessionReference& session : begun) error.hint += "\n" + described(session);
  return fail(std::move(error));
}

/// Of any root that the archive knows.
std::optional<SessionReference> find_elsewhere(SQLite::Database& database, std::string_view token) {
  if (!is_past_attached(database)) return std::nullopt;
  SQLite::Statement select(database,
                           "SELECT min(time_ns), max(time_ns) FROM past.sidecar WHERE session = ? "
                           "GROUP BY session");
  select.bind(1, std::string(token));
  if (!select.executeStep()) return std::nullopt;
  return SessionReference{std::string(token), false, time_at(select, 0), time_at(select, 1)};
}

}  // namespace

Result<std::vector<SessionReference>> sessions_newest_first(SQLite::Database& database,
                                                            const std::string& root) {
  return guarded(database.getFilename(), [&] {
    const bool is_only_past = is_archive(database);
    std::string rows = is_only_past ? past_rows("main") : now_rows();
    const bool is_both = !is_only_past && is_past_attached(database);
    if (is_both) rows += "UNION ALL " + past_rows("past");
    SQLite::Statement select(database, sessions_sql(rows));
    if (is_both) select.bind(1, root_of(database));
    if (is_only_past) select.bind(1, root);
    std::vector<SessionReference> sessions;
    while (select.executeStep()) {
      sessions.push_back({column_bytes(select, 0), select.getColumn(1).getInt() != 0,
                          time_at(select, 2), time_at(select, 3)});
    }
    return sessions;
  });
}

Result<SessionReference> find_session_reference(SQLite::Database& database, std::string_view text,
                                                const std::string& root) {
  const auto sessions = sessions_newest_first(database, root);
  if (!sessions) return fail(sessions.error());
  if (!text.empty() && text.front() == '@') {
    const auto number = number_of(text);
    if (!number || *number > sessions->size()) return fail(unknown(text, *sessions));
    return (*sessions)[*number - 1];
  }
  return guarded(database.getFilename(), [&]() -> Result<SessionReference> {
    auto found = find_by_name(text, *sessions);
    if (found) return found;
    if (auto elsewhere = find_elsewhere(database, text)) return *elsewhere;
    return found;
  });
}

namespace {

std::vector<std::string> read_names(SQLite::Statement& statement) {
  std::vector<std::string> names;
  while (statement.executeStep()) names.push_back(column_bytes(statement, 0));
  return names;
}

ResultScope read_whole_pool(SQLite::Database& database) {
  SQLite::Statement statement(database, "SELECT DISTINCT run_dir FROM pool ORDER BY run_dir");
  return {std::nullopt, read_names(statement), true};
}

}  // namespace

Result<ResultScope> last_session(SQLite::Database& database) {
  return guarded(database.getFilename(), [&]() -> ResultScope {
    SQLite::Statement newest(database,
                             "SELECT run_dir, session FROM run_dirs\n"
                             "WHERE tests + drift + corrupt + unreadable > 0\n"
                             "ORDER BY mtime_ns DESC NULLS LAST, run_dir DESC LIMIT 1");
    if (!newest.executeStep()) return read_whole_pool(database);
    if (newest.getColumn(1).isNull()) return {std::nullopt, {column_bytes(newest, 0)}};
    ResultScope scope;
    scope.session = column_bytes(newest, 1);
    SQLite::Statement carriers(database,
                               "SELECT run_dir FROM run_dirs WHERE session = ? ORDER BY run_dir");
    bind_value(carriers, 1, *scope.session);
    scope.run_dirs = read_names(carriers);
    return scope;
  });
}

Result<ResultScope> whole_pool(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] { return read_whole_pool(database); });
}

namespace {

// The view run_dirs would count every result of every run first.
constexpr const char* k_runs =
    "SELECT run_dir FROM directory\n"
    "WHERE job = '' AND run_dir <> '' AND substr(run_dir, 1, 1) <> '.'\n"
    "ORDER BY entry_mtime_ns DESC, run_dir DESC";

/// A kernel's name may hold dashes; a commit doesn't, but for the mark of a dirty tree.
std::string kernel_label(std::string_view run_dir) {
  constexpr std::string_view k_dirty = "-dirty";
  if (run_dir.ends_with(k_dirty)) run_dir.remove_suffix(k_dirty.size());
  return std::string(run_dir.substr(0, run_dir.rfind('-')));
}

}  // namespace

Result<std::vector<std::string>> runs_newest_first(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] {
    std::vector<std::string> names;
    SQLite::Statement statement(database, k_runs);
    while (statement.executeStep()) names.push_back(column_bytes(statement, 0));
    return names;
  });
}

bool has_kernel_label(std::string_view run_dir, std::string_view label) {
  if (run_dir.size() <= label.size() || !run_dir.starts_with(label)) return false;
  const char next = run_dir[label.size()];
  return next == '-' || (next == '.' && is_kernel_series(label));
}

std::vector<std::string> nearest_kernel_labels(std::string_view wanted,
                                               const std::vector<std::string>& run_dirs,
                                               std::size_t count) {
  std::set<std::pair<std::size_t, std::string>> by_distance;
  for (const std::string& run_dir : run_dirs) {
    std::string label = kernel_label(run_dir);
    const std::size_t distance = edit_distance(wanted, label);
    by_distance.emplace(distance, std::move(label));
  }
  std::vector<std::string> labels;
  for (const auto& [distance, label] : by_distance) {
    if (labels.size() == count) break;
    labels.push_back(label);
  }
  return labels;
}

}  // namespace ktstr
