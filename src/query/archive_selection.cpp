// SPDX-License-Identifier: MIT
#include "query/archive_selection.hpp"

#include "catalog/connection.hpp"
#include "query/result_query.hpp"

namespace ktstr {
namespace {

constexpr char k_inferred_mark = '~';

// Of all roots: an inferred session's name doesn't say of which it is.
constexpr const char* k_of_inferred_session =
    "SELECT s.sidecar_id FROM (SELECT DISTINCT first_ns, last_ns FROM sessions WHERE session = ?1) "
    "n JOIN sidecar s ON s.time_ns BETWEEN n.first_ns AND n.last_ns WHERE s.session IS NULL";

}  // namespace

Result<std::vector<std::int64_t>> results_where(SQLite::Database& archive,
                                                const std::string& expression, const Clock& clock) {
  ResultQuery query;
  query.expression = expression;
  query.select = {"sidecar_id"};
  query.timeout_ns = 0;
  const MemoryBound bound(k_statement_memory_bytes);
  const auto rows = run(archive, query, clock);
  if (!rows) return fail(rows.error());
  std::vector<std::int64_t> ids;
  std::vector<Value> row;
  while (true) {
    const auto more = (*rows)->next(row);
    if (!more) return fail(more.error());
    if (!*more) return ids;
    ids.push_back(std::get<std::int64_t>(row.front()));
  }
}

std::vector<std::int64_t> results_of_session(SQLite::Database& archive,
                                             const std::string& session) {
  const bool is_inferred = !session.empty() && session.front() == k_inferred_mark;
  SQLite::Statement select(archive, is_inferred ? k_of_inferred_session
                                                : "SELECT sidecar_id FROM sidecar WHERE session = "
                                                  "?1");
  select.bind(1, session);
  std::vector<std::int64_t> ids;
  while (select.executeStep()) ids.push_back(select.getColumn(0).getInt64());
  return ids;
}

void make_number_table(SQLite::Database& database, const std::string& name,
                       const std::vector<std::int64_t>& numbers) {
  database.exec("DROP TABLE IF EXISTS temp." + name);
  database.exec("CREATE TEMP TABLE " + name + "(number INTEGER PRIMARY KEY)");
  SQLite::Statement insert(database, "INSERT OR IGNORE INTO temp." + name + " VALUES(?)");
  for (const std::int64_t number : numbers) {
    insert.bind(1, number);
    insert.exec();
    insert.reset();
  }
}

void keep_of_project(SQLite::Database& archive, const std::string& table,
                     const std::string& project) {
  SQLite::Statement keep(
      archive, "DELETE FROM temp." + table +
                   " WHERE number NOT IN (SELECT s.sidecar_id FROM sidecar s JOIN directory d "
                   "USING(directory_id) JOIN runs_root r USING(root_id) WHERE r.project = ?)");
  keep.bind(1, project);
  keep.exec();
}

}  // namespace ktstr
