// SPDX-License-Identifier: MIT
#include "query/failed_tests.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/file_system.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"
#include "store/footer.hpp"

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

namespace {

// A dump may be named so that the walk takes it for a sidecar, so both tables hold both.
constexpr const char* k_sidecars =
    "SELECT d.run_dir, t.file_name, t.status, t.mtime_ns, t.verdict, t.scheduler, t.topology\n"
    "FROM sidecar t JOIN directory d USING(directory_id)\n"
    "WHERE d.job = '' AND t.is_symlink = 0\n"
    "  AND (t.mtime_ns >= ?1 OR t.mtime_ns IS NULL OR t.status = 'unreadable')";
constexpr const char* k_artifacts =
    "SELECT d.run_dir, t.file_name, t.size_bytes\n"
    "FROM artifact t JOIN directory d USING(directory_id)\n"
    "WHERE d.job = '' AND t.is_symlink = 0 AND t.mtime_ns >= ?1";

struct FoundFile {
  std::string name;
  std::optional<FooterVerdict> verdict = {};
  bool is_certain = true;  ///< the row tells that it is a fresh regular file
};
/// By run directory, in byte order.
using FoundFiles = std::map<std::string, std::vector<FoundFile>>;

void find_sidecars(SQLite::Database& database, std::int64_t since_ns, FoundFiles& found) {
  SQLite::Statement statement(database, k_sidecars);
  statement.bind(1, since_ns);
  while (statement.executeStep()) {
    FoundFile file{column_bytes(statement, 1)};
    const std::string status = column_bytes(statement, 2);
    file.is_certain = status != "unreadable" && !statement.getColumn(3).isNull();
    if (status == "ok") {
      file.verdict = FooterVerdict{column_bytes(statement, 4) == "fail", column_bytes(statement, 5),
                                   column_bytes(statement, 6)};
    }
    found[column_bytes(statement, 0)].push_back(std::move(file));
  }
}

void find_artifacts(SQLite::Database& database, std::int64_t since_ns, FoundFiles& found) {
  SQLite::Statement statement(database, k_artifacts);
  statement.bind(1, since_ns);
  while (statement.executeStep()) {
    FoundFile file{column_bytes(statement, 1)};
    // FIFOs, sockets and devices are all empty.
    file.is_certain = statement.getColumn(2).getInt64() > 0;
    found[column_bytes(statement, 0)].push_back(std::move(file));
  }
}

}  // namespace

Result<std::vector<RunDirectorySummary>> summarize_catalog(SQLite::Database& database,
                                                           const std::string& runs_root,
                                                           FileSystem& files,
                                                           const FooterOptions& options) {
  FoundFiles found;
  auto queried = guarded(database.getFilename(), [&] {
    // One moment for both tables, whoever writes meanwhile.
    SQLite::Transaction transaction(database);
    find_sidecars(database, options.since_ns, found);
    find_artifacts(database, options.since_ns, found);
  });
  if (!queried) return fail(std::move(queried.error()));

  std::vector<RunDirectorySummary> summaries;
  for (auto& [run_dir, run_files] : found) {
    if (run_dir.empty() || !is_run_directory_name(run_dir)) continue;
    std::sort(run_files.begin(), run_files.end(),
              [](const FoundFile& left, const FoundFile& right) { return left.name < right.name; });
    FooterRules rules(join_path(runs_root, run_dir));
    for (const FoundFile& file : run_files) {
      const std::string path = join_path(join_path(runs_root, run_dir), file.name);
      if (!file.is_certain && !is_fresh(files.status(path, FollowLinks::no), options.since_ns)) {
        continue;
      }
      rules.add(file.name, file.verdict);
    }
    if (auto summary = rules.finish()) summaries.push_back(std::move(*summary));
  }
  return summaries;
}

}  // namespace ktstr
