// SPDX-License-Identifier: MIT
#include "query/session_reference.hpp"

#include <algorithm>
#include <charconv>

#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "catalog/connection.hpp"
#include "query/past.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_least_prefix = 8;
constexpr std::size_t k_sessions_listed = 4;

constexpr const char* k_now_rows =
    "SELECT CASE d.job WHEN '' THEN d.session END AS session, t.timestamp AS timestamp,\n"
    "  t.time_ns AS time_ns\n"
    "FROM main.sidecar t JOIN main.directory d USING(directory_id) WHERE t.status = 'ok'\n"
    // Those that have left nothing, so far.
    "UNION ALL SELECT session, NULL, NULL FROM main.directory\n"
    "  WHERE job = '' AND session IS NOT NULL\n";

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
         "      time_ns - lag(time_ns, 1, 0) OVER (ORDER BY time_ns) > 1800000000000 AS is_first\n"
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
    const bool is_long = text.size() >= k_least_prefix;
    if (is_long && session.session.substr(0, text.size()) == text) begun.push_back(session);
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
    std::string rows = is_only_past ? past_rows("main") : k_now_rows;
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

}  // namespace ktstr
