// SPDX-License-Identifier: MIT
#include "query/failed_tests.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "catalog/connection.hpp"

namespace ktstr {
namespace {

/// One of the scope's places at a time: a token, or a run directory with its jobs.
void read_results(SQLite::Statement& statement, const std::string& place, FailedTests& found,
                  std::set<std::string>& names) {
  statement.reset();
  bind_value(statement, 1, place);
  while (statement.executeStep()) {
    ++found.scope_results;
    if (column_bytes(statement, 1) == "fail") names.insert(column_bytes(statement, 0));
  }
}

void count_left_in_jobs(SQLite::Database& database, const std::set<std::string>& names,
                        FailedTests& found) {
  SQLite::Statement statement(database,
                              "SELECT test_name FROM pool\n"
                              "WHERE run_dir = ? AND job <> '' AND verdict = 'fail'");
  std::set<std::string> left;
  for (const std::string& run_dir : found.scope.run_dirs) {
    statement.reset();
    bind_value(statement, 1, run_dir);
    while (statement.executeStep()) left.insert(column_bytes(statement, 0));
  }
  found.left_in_jobs = std::count_if(
      left.begin(), left.end(), [&](const std::string& name) { return !names.contains(name); });
}

void read_scope(SQLite::Database& database, FailedTests& found) {
  std::set<std::string> names;
  if (found.scope.session) {
    SQLite::Statement statement(database, "SELECT test_name, verdict FROM pool WHERE session = ?");
    read_results(statement, *found.scope.session, found, names);
    count_left_in_jobs(database, names, found);
  } else {
    SQLite::Statement statement(database, "SELECT test_name, verdict FROM pool WHERE run_dir = ?");
    for (const std::string& run_dir : found.scope.run_dirs) {
      read_results(statement, run_dir, found, names);
    }
  }
  found.names.assign(names.begin(), names.end());
}

// What `pool` has of a session, and the stamps that no view shows whole.
constexpr const char* k_session_rows =
    "SELECT d.run_dir || '/' || s.file_name, s.inode, s.mtime_ns, s.test_name, s.verdict\n"
    "FROM sidecar s JOIN directory d USING(directory_id)\n"
    "WHERE d.job = '' AND d.session = ? AND s.status = 'ok'";

WrittenFile written_file(SQLite::Statement& statement) {
  return {column_bytes(statement, 0), statement.getColumn(1).getInt64(),
          statement.getColumn(2).getInt64()};
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

Result<std::set<WrittenFile>> session_files(SQLite::Database& database,
                                            const std::string& session) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database, k_session_rows);
    bind_value(statement, 1, session);
    std::set<WrittenFile> files;
    while (statement.executeStep()) files.insert(written_file(statement));
    return files;
  });
}

Result<std::map<std::string, VerdictCounts>> session_verdicts(SQLite::Database& database,
                                                              const std::string& session,
                                                              const std::set<WrittenFile>& before) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database, k_session_rows);
    bind_value(statement, 1, session);
    std::map<std::string, VerdictCounts> verdicts;
    while (statement.executeStep()) {
      if (before.contains(written_file(statement))) continue;
      VerdictCounts& counts = verdicts[column_bytes(statement, 3)];
      if (auto* place = place_of(counts, column_bytes(statement, 4))) ++*place;
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
