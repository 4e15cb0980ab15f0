// SPDX-License-Identifier: MIT
#include "catalog/verify.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <tuple>

#include "catalog/refresh.hpp"
#include "database/open_database.hpp"
#include "database/schema.hpp"

namespace ktstr {
namespace {

// In the order of the paths' parts, so that two catalogs can be walked side by side.
constexpr const char* k_files =
    "SELECT d.run_dir, d.job, t.file_name, t.sidecar_id, t.status, t.id\n"
    "FROM sidecar t JOIN directory d USING(directory_id)\n"
    "ORDER BY d.run_dir, d.job, t.file_name";
constexpr const char* k_artifacts =
    "SELECT d.run_dir, d.job, t.file_name, t.kind, t.test_name, t.file_hash, t.size_bytes,\n"
    "  t.mtime_ns, t.is_symlink\n"
    "FROM artifact t JOIN directory d USING(directory_id)\n"
    "ORDER BY d.run_dir, d.job, t.file_name";
constexpr const char* k_directories =
    "SELECT run_dir, job, '', session FROM directory WHERE run_dir <> '' ORDER BY run_dir, job";

// All that the views say of one file; the first column is its local id.
constexpr std::array<const char*, 8> k_details = {
    "SELECT * FROM results WHERE sidecar_id = ?",
    "SELECT h.* FROM host h JOIN sidecar s USING(host_id) WHERE s.sidecar_id = ?",
    "SELECT sidecar_id, error_class, error FROM sidecar WHERE sidecar_id = ?",
    "SELECT * FROM metrics WHERE sidecar_id = ? ORDER BY phase, cgroup, metric, value",
    "SELECT * FROM verifier_programs WHERE sidecar_id = ? ORDER BY position",
    "SELECT * FROM callbacks WHERE sidecar_id = ? ORDER BY position",
    "SELECT * FROM kvm_stats WHERE sidecar_id = ? ORDER BY stat",
    "SELECT * FROM payload_metrics WHERE sidecar_id = ? ORDER BY payload_index, position"};

/// A row's columns from `first` on, as one text that no other row has.
std::string row_text(SQLite::Statement& row, int first) {
  std::string text;
  for (int i = first; i < row.getColumnCount(); ++i) {
    const std::string value = row.getColumn(i).isNull() ? "" : column_bytes(row, i);
    text += std::to_string(row.getColumn(i).getType()) + ":" + std::to_string(value.size()) + ":";
    text += value;
  }
  return text;
}

/// The rows of one of the statements above, with the path that they begin with.
class PathCursor {
 public:
  using Place = std::tuple<std::string, std::string, std::string>;

  PathCursor(SQLite::Database& database, const char* sql) : statement_(database, sql) { next(); }

  void next() {
    at_end_ = !statement_.executeStep();
    if (at_end_) return;
    place_ = {column_bytes(statement_, 0), column_bytes(statement_, 1),
              column_bytes(statement_, 2)};
  }
  [[nodiscard]] bool at_end() const { return at_end_; }
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] std::string path() const {
    const auto& [run_dir, job, file_name] = place_;
    std::string path = run_dir;
    for (const std::string& part : {job, file_name}) path += part.empty() ? "" : "/" + part;
    return path;
  }
  /// Everything behind the path's parts.
  [[nodiscard]] std::string text() { return row_text(statement_, 3); }
  [[nodiscard]] std::int64_t sidecar_id() { return statement_.getColumn(3).getInt64(); }
  [[nodiscard]] std::string status() { return column_bytes(statement_, 4); }
  [[nodiscard]] std::string content_id() { return column_bytes(statement_, 5); }

 private:
  SQLite::Statement statement_;
  bool at_end_ = false;
  Place place_;
};

/// What the views of one catalog say of a file.
class Details {
 public:
  explicit Details(SQLite::Database& database) {
    for (const char* sql : k_details) {
      statements_.push_back(std::make_unique<SQLite::Statement>(database, sql));
    }
  }
  [[nodiscard]] std::string of(std::int64_t sidecar_id) {
    std::string text;
    for (const auto& statement : statements_) {
      statement->reset();
      statement->bind(1, sidecar_id);
      while (statement->executeStep()) text += row_text(*statement, 1) + "\n";
      text += "\f";
    }
    return text;
  }

 private:
  std::vector<std::unique_ptr<SQLite::Statement>> statements_;
};

class Verifier {
 public:
  Verifier(SQLite::Database& stored, SQLite::Database& fresh, VerifyReport& report)
      : stored_(stored), fresh_(fresh), report_(report) {}

  void compare_files() {
    Details stored_details(stored_);
    Details fresh_details(fresh_);
    walk(k_files, "missing", "gone", [&](PathCursor& stored, PathCursor& fresh) {
      ++report_.checked;
      if (stored.status() != fresh.status()) {
        add(fresh, "status");
      } else if (stored.content_id() != fresh.content_id()) {
        add(fresh, "content");
      } else if (stored_details.of(stored.sidecar_id()) != fresh_details.of(fresh.sidecar_id())) {
        add(fresh, "values");
      }
    });
  }

  /// Of rows that are alike if their texts are.
  void compare_rows(const char* sql, const char* kind) {
    walk(sql, kind, kind, [&](PathCursor& stored, PathCursor& fresh) {
      if (stored.text() != fresh.text()) add(fresh, kind);
    });
  }

 private:
  template <typename Compare>
  void walk(const char* sql, const char* only_fresh, const char* only_stored, Compare compare) {
    PathCursor stored(stored_, sql);
    PathCursor fresh(fresh_, sql);
    while (!stored.at_end() || !fresh.at_end()) {
      const bool is_stored =
          !stored.at_end() && (fresh.at_end() || stored.place() <= fresh.place());
      const bool is_fresh = !fresh.at_end() && (stored.at_end() || fresh.place() <= stored.place());
      if (is_stored && is_fresh) {
        compare(stored, fresh);
      } else if (is_stored ? add(stored, only_stored) : add(fresh, only_fresh)) {
        ++report_.checked;
      }
      if (is_stored) stored.next();
      if (is_fresh) fresh.next();
    }
  }

  bool add(const PathCursor& at, const char* kind) {
    const std::string path = at.path();
    const auto& closed = report_.unreadable_directories;
    const bool unknown = std::any_of(closed.begin(), closed.end(), [&](const Error& error) {
      return (path + "/").compare(0, error.path.size() + 1, error.path + "/") == 0;
    });
    if (!unknown) report_.differences.push_back({path, kind});
    return !unknown;
  }

  SQLite::Database& stored_;
  SQLite::Database& fresh_;
  VerifyReport& report_;
};

/// Whether the file, or the directory that lost or got it, was touched at `since_ns` or later.
bool was_touched(FileSystem& file_system, const std::string& path, std::int64_t since_ns) {
  auto status = file_system.status(path, FollowLinks::no);
  if (!status) status = file_system.status(path.substr(0, path.rfind('/')), FollowLinks::yes);
  return status && status->stamp.ctime_ns >= since_ns;
}

void leave_out_touched(VerifyReport& report, FileSystem& file_system, const std::string& root,
                       std::int64_t since_ns) {
  auto& differences = report.differences;
  const auto touched = [&](const Difference& difference) {
    return was_touched(file_system, root + "/" + difference.path, since_ns);
  };
  differences.erase(std::remove_if(differences.begin(), differences.end(), touched),
                    differences.end());
}

void compare(SQLite::Database& catalog, SQLite::Database& fresh, VerifyReport& report) {
  SQLite::Transaction one_view_of_it(catalog);
  Verifier verifier(catalog, fresh, report);
  verifier.compare_files();
  verifier.compare_rows(k_artifacts, "artifact");
  verifier.compare_rows(k_directories, "directory");
}

/// In one transaction: nobody sees a catalog that is half made.
Result<void> replace_content(SQLite::Database& catalog, SQLite::Database& fresh) {
  SQLite::Statement settings(catalog, "SELECT key, value FROM setting");
  while (settings.executeStep()) {
    SQLite::Statement put(fresh, "INSERT OR REPLACE INTO setting(key, value) VALUES(?, ?)");
    bind_value(put, 1, column_value(settings, 0));
    bind_value(put, 2, column_value(settings, 1));
    put.exec();
  }
  settings.reset();
  if (copy_content(fresh, catalog)) return {};
  return fail(ErrorCode::busy, "another process is writing to it", catalog.getFilename());
}

Result<VerifyReport> verify(SQLite::Database& catalog, const std::string& root,
                            FileSystem& file_system, const Clock& clock,
                            const VerifyOptions& options) {
  const std::int64_t started_ns = clock.now_ns();
  const auto made = open_database(temporary_database_name(), DatabaseUse::make);
  SQLite::Database& fresh = *made;
  migrate(fresh, Store::catalog);
  RefreshOptions look;
  look.level = CheckLevel::bytes;
  look.limits = options.limits;
  auto refreshed = refresh(fresh, root, file_system, clock, look);
  if (!refreshed) return fail(std::move(refreshed.error()));
  VerifyReport report;
  report.unreadable_directories = std::move(refreshed->unreadable_directories);
  auto& unknown = report.unreadable_directories;
  unknown.insert(unknown.end(), refreshed->not_looked_at.begin(), refreshed->not_looked_at.end());
  compare(catalog, fresh, report);
  leave_out_touched(report, file_system, root, started_ns);
  if (!options.repair || report.differences.empty()) return report;
  if (auto replaced = replace_content(catalog, fresh); !replaced) {
    return fail(std::move(replaced.error()));
  }
  return report;
}

}  // namespace

Result<VerifyReport> verify_catalog(SQLite::Database& catalog, const std::string& root,
                                    FileSystem& file_system, const Clock& clock,
                                    const VerifyOptions& options) {
  return guarded(catalog.getFilename(),
                 [&] { return verify(catalog, root, file_system, clock, options); });
}

}  // namespace ktstr
