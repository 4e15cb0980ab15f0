// SPDX-License-Identifier: MIT
#include "query/failed_tests.hpp"

#include <set>
#include <utility>

#include "catalog/connection.hpp"

namespace ktstr {
namespace {

void read_scope(SQLite::Database& database, FailedTests& found) {
  SQLite::Statement statement(database, "SELECT test_name, verdict FROM pool WHERE run_dir = ?");
  std::set<std::string> names;
  for (const std::string& run_dir : found.scope.run_dirs) {
    statement.reset();
    bind_value(statement, 1, run_dir);
    while (statement.executeStep()) {
      ++found.scope_results;
      if (column_bytes(statement, 1) == "fail") names.insert(column_bytes(statement, 0));
    }
  }
  found.names.assign(names.begin(), names.end());
}

std::int64_t* place_of(VerdictCounts& counts, const std::string& verdict) {
  if (verdict == "pass") return &counts.pass;
  if (verdict == "fail") return &counts.fail;
  if (verdict == "skip") return &counts.skip;
  return verdict == "inconclusive" ? &counts.inconclusive : nullptr;
}

}  // namespace

Result<FailedTests> find_failed_tests(SQLite::Database& database, bool in_whole_pool) {
  return guarded(database.getFilename(), [&]() -> Result<FailedTests> {
    // One moment for all of it, whoever writes meanwhile.
    SQLite::Transaction transaction(database);
    auto scope = in_whole_pool ? whole_pool(database) : last_session(database);
    if (!scope) return fail(std::move(scope.error()));
    FailedTests found;
    found.scope = std::move(*scope);
    found.pool_results = database.execAndGet("SELECT count(*) FROM pool").getInt64();
    read_scope(database, found);
    return found;
  });
}

Result<std::map<std::string, VerdictCounts>> session_verdicts(SQLite::Database& database,
                                                              const std::string& session) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database,
                                "SELECT test_name, verdict, count(*) FROM pool\n"
                                "WHERE session = ? GROUP BY test_name, verdict");
    bind_value(statement, 1, session);
    std::map<std::string, VerdictCounts> verdicts;
    while (statement.executeStep()) {
      VerdictCounts& counts = verdicts[column_bytes(statement, 0)];
      if (auto* place = place_of(counts, column_bytes(statement, 1))) {
        *place = statement.getColumn(2).getInt64();
      }
    }
    return verdicts;
  });
}

Result<std::optional<OlderResults>> find_older_results(SQLite::Database& database,
                                                       const std::string& run_dir,
                                                       const std::string& session) {
  using Found = std::optional<OlderResults>;
  return guarded(database.getFilename(), [&]() -> Found {
    SQLite::Statement statement(
        database,
        "SELECT r.session, (SELECT count(*) FROM files f WHERE f.run_dir = r.run_dir\n"
        "  AND f.job = '') FROM run_dirs r WHERE r.run_dir = ?");
    bind_value(statement, 1, run_dir);
    if (!statement.executeStep()) return std::nullopt;
    OlderResults older;
    if (!statement.getColumn(0).isNull()) older.session = column_bytes(statement, 0);
    older.files = statement.getColumn(1).getInt64();
    if (older.files == 0 || older.session == session) return std::nullopt;
    return older;
  });
}

}  // namespace ktstr
