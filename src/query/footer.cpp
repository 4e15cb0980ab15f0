// SPDX-License-Identifier: MIT
#include "query/footer.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "catalog/connection.hpp"
#include "environment/join_path.hpp"
#include "ktstr/walk.hpp"
#include "store/footer_rules.hpp"

namespace ktstr {
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
