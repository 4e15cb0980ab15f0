// SPDX-License-Identifier: MIT
#include "archive/space.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include "database/connection.hpp"
#include "store/run_directory_lock.hpp"

namespace ktstr {

Result<ArchiveSummary> summarize_archive(SQLite::Database& archive) {
  return guarded(archive.getFilename(), [&] {
    const auto number = [&](const char* statement) {
      return archive.execAndGet(statement).getInt64();
    };
    ArchiveSummary summary;
    summary.file_bytes =
        number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    summary.document_bytes = number("SELECT coalesce(sum(stored_bytes), 0) FROM document");
    summary.dropped = number("SELECT count(*) FROM document WHERE stored_bytes = 0");
    summary.results = number("SELECT count(*) FROM sidecar");
    summary.dumps = number("SELECT count(*) FROM artifact");
    summary.projects = number("SELECT count(DISTINCT project) FROM runs_root");
    return summary;
  });
}

namespace {

constexpr const char* k_children[] = {"series", "kvm_series", "verifier_program", "callback",
                                      "payload_metric"};

// In this order: each frees what the next one looks for. A job directory's run directory has a row
// of its own that has to stay as long as the job's does.
constexpr const char* k_sweeps[] = {
    "DELETE FROM directory WHERE job <> '' AND directory_id NOT IN (SELECT directory_id FROM "
    "sidecar) AND directory_id NOT IN (SELECT directory_id FROM artifact)",
    "DELETE FROM directory WHERE job = '' AND directory_id NOT IN (SELECT directory_id FROM "
    "sidecar) AND directory_id NOT IN (SELECT directory_id FROM artifact) AND NOT EXISTS (SELECT 1 "
    "FROM directory j WHERE j.root_id = directory.root_id AND j.run_dir = directory.run_dir AND "
    "j.job <> '')",
    "DELETE FROM runs_root WHERE root_id NOT IN (SELECT root_id FROM directory)",
    "DELETE FROM host WHERE host_id NOT IN (SELECT host_id FROM sidecar WHERE host_id IS NOT NULL)",
    "DELETE FROM session WHERE NOT EXISTS (SELECT 1 FROM sidecar s JOIN directory d "
    "USING(directory_id) JOIN runs_root r USING(root_id) WHERE s.session = session.session AND "
    "r.project = session.project)",
    "DELETE FROM pin WHERE kind = 'session' AND substr(value, 1, 1) <> '~' AND value NOT IN "
    "(SELECT session FROM sidecar WHERE session IS NOT NULL)",
    "DELETE FROM shape_metric WHERE shape_id NOT IN (SELECT shape_id FROM series) AND shape_id NOT "
    "IN (SELECT shape_id FROM kvm_series)",
    "DELETE FROM shape WHERE shape_id NOT IN (SELECT shape_id FROM shape_metric)",
};

void run_with(SQLite::Statement& statement, std::int64_t number) {
  statement.reset();
  statement.bind(1, number);
  statement.exec();
}

int run_with(SQLite::Statement& statement, const std::string& text) {
  statement.reset();
  statement.bind(1, text);
  return statement.exec();
}

std::vector<std::int64_t> numbers(SQLite::Statement& select, const std::string& text) {
  select.reset();
  select.bind(1, text);
  std::vector<std::int64_t> found;
  while (select.executeStep()) found.push_back(select.getColumn(0).getInt64());
  select.reset();
  return found;
}

std::string text_of(SQLite::Statement& select, std::int64_t number) {
  select.reset();
  select.bind(1, number);
  std::string text = select.executeStep() ? column_bytes(select, 0) : "";
  select.reset();
  return text;
}

}  // namespace

struct ArchiveRemoval::Statements {
  explicit Statements(SQLite::Database& db)
      : seen_since(db,
                   "SELECT 1 FROM sidecar WHERE id = ?1 AND first_seen_ns > ?2 UNION ALL SELECT 1 "
                   "FROM artifact WHERE id = ?1 AND first_seen_ns > ?2 LIMIT 1"),
        delete_bytes(db,
                     "DELETE FROM document_bytes WHERE document_id IN (SELECT document_id FROM "
                     "document WHERE id = ?)"),
        mark_dropped(db, "UPDATE document SET stored_bytes = 0 WHERE id = ?"),
        sidecar_id(db, "SELECT id FROM sidecar WHERE sidecar_id = ?"),
        artifact_id(db, "SELECT id FROM artifact WHERE artifact_id = ?"),
        sidecars_of(db, "SELECT sidecar_id FROM sidecar WHERE id = ?"),
        artifacts_of(db, "SELECT artifact_id FROM artifact WHERE id = ?"),
        delete_sidecar(db, "DELETE FROM sidecar WHERE sidecar_id = ?"),
        delete_artifact(db, "DELETE FROM artifact WHERE artifact_id = ?"),
        is_seen(db,
                "SELECT 1 FROM sidecar WHERE id = ?1 UNION ALL SELECT 1 FROM artifact WHERE id = "
                "?1 LIMIT 1"),
        delete_labels(db, "DELETE FROM label WHERE id = ?"),
        delete_document(db, "DELETE FROM document WHERE id = ?") {
    for (const char* table : k_children) {
      delete_children.emplace_back(db,
                                   "DELETE FROM " + std::string(table) + " WHERE sidecar_id = ?");
    }
  }

  SQLite::Statement seen_since, delete_bytes, mark_dropped, sidecar_id, artifact_id, sidecars_of,
      artifacts_of, delete_sidecar, delete_artifact, is_seen, delete_labels, delete_document;
  std::vector<SQLite::Statement> delete_children;
};

ArchiveRemoval::ArchiveRemoval(SQLite::Database& database)
    : database_(database), statements_(std::make_unique<Statements>(database)) {}

ArchiveRemoval::~ArchiveRemoval() = default;

bool ArchiveRemoval::was_seen_since(const std::string& id, std::int64_t since_ns) {
  SQLite::Statement& select = statements_->seen_since;
  select.reset();
  select.bind(1, id);
  select.bind(2, since_ns);
  const bool was_seen = select.executeStep();
  select.reset();
  return was_seen;
}

void ArchiveRemoval::drop_bytes(const std::string& id) {
  run_with(statements_->delete_bytes, id);
  run_with(statements_->mark_dropped, id);
}

std::string ArchiveRemoval::remove_sidecar(std::int64_t sidecar_id) {
  std::string id = text_of(statements_->sidecar_id, sidecar_id);
  for (SQLite::Statement& each : statements_->delete_children) run_with(each, sidecar_id);
  run_with(statements_->delete_sidecar, sidecar_id);
  return id;
}

std::string ArchiveRemoval::remove_artifact(std::int64_t artifact_id) {
  std::string id = text_of(statements_->artifact_id, artifact_id);
  run_with(statements_->delete_artifact, artifact_id);
  return id;
}

std::int64_t ArchiveRemoval::remove_observations(const std::string& id) {
  const std::vector<std::int64_t> sidecars = numbers(statements_->sidecars_of, id);
  const std::vector<std::int64_t> artifacts = numbers(statements_->artifacts_of, id);
  for (const std::int64_t each : sidecars) static_cast<void>(remove_sidecar(each));
  for (const std::int64_t each : artifacts) static_cast<void>(remove_artifact(each));
  return static_cast<std::int64_t>(sidecars.size() + artifacts.size());
}

bool ArchiveRemoval::remove_if_unseen(const std::string& id) {
  SQLite::Statement& select = statements_->is_seen;
  select.reset();
  select.bind(1, id);
  const bool is_seen = select.executeStep();
  select.reset();
  if (is_seen) return false;
  run_with(statements_->delete_bytes, id);
  run_with(statements_->delete_document, id);
  run_with(statements_->delete_labels, id);
  return true;
}

void ArchiveRemoval::sweep() {
  for (const char* sql : k_sweeps) database_.exec(sql);
}

namespace {

// 2 MiB of an archive's pages: others wait for one step at most.
constexpr const char* k_vacuum_step = "PRAGMA incremental_vacuum(256)";

std::int64_t number(SQLite::Database& database, const char* sql) {
  return database.execAndGet(sql).getInt64();
}

std::int64_t file_bytes(SQLite::Database& database) {
  return number(database, "PRAGMA page_count") * number(database, "PRAGMA page_size");
}

/// The first column says whether somebody was in the way.
bool empty_log(SQLite::Database& database) {
  return number(database, "PRAGMA wal_checkpoint(TRUNCATE)") == 0;
}

std::string command_of(const std::filesystem::path& process) {
  const auto file = system_file_system().open_file((process / "cmdline").string());
  if (!file) return {};
  const auto arguments = (*file)->read_all(1 << 20);
  return arguments ? command_line_text(*arguments) : "";
}

bool has_open(const std::filesystem::path& process, const struct stat& wanted) {
  std::error_code error;
  for (std::filesystem::directory_iterator each(process / "fd", error), end; !error && each != end;
       each.increment(error)) {
    struct stat status = {};
    if (::stat(each->path().c_str(), &status) == 0 && status.st_dev == wanted.st_dev &&
        status.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

bool is_other_process(const std::string& name) {
  return name.find_first_not_of("0123456789") == std::string::npos &&
         name != std::to_string(::getpid());
}

}  // namespace

Result<SpaceReport> return_space(Archive& archive) {
  return guarded(archive.path(), [&] {
    SQLite::Database& database = archive.database();
    const std::int64_t before = file_bytes(database);
    std::int64_t free_pages = number(database, "PRAGMA freelist_count");
    while (free_pages > 0) {
      database.exec(k_vacuum_step);
      const std::int64_t left = number(database, "PRAGMA freelist_count");
      if (left >= free_pages) break;  // somebody frees as fast; the next gc goes on
      free_pages = left;
    }
    SpaceReport report;
    report.is_log_empty = empty_log(database);
    report.freed_bytes = std::max<std::int64_t>(0, before - file_bytes(database));
    return report;
  });
}

Result<SpaceReport> rewrite(Archive& archive) {
  return guarded(archive.path(), [&] {
    SQLite::Database& database = archive.database();
    const std::int64_t before = file_bytes(database);
    // In memory it could be more than there is.
    database.exec("PRAGMA temp_store = FILE");
    database.exec("VACUUM");
    SpaceReport report;
    report.is_log_empty = empty_log(database);
    report.freed_bytes = std::max<std::int64_t>(0, before - file_bytes(database));
    return report;
  });
}

std::string other_users_text(const std::string& path) {
  struct stat wanted = {};
  if (::stat(path.c_str(), &wanted) != 0) return {};
  std::string text;
  std::error_code error;
  for (std::filesystem::directory_iterator each("/proc", error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (!is_other_process(name) || !has_open(each->path(), wanted)) continue;
    text += (text.empty() ? "pid " : ", pid ") + name + " (" + command_of(each->path()) + ")";
  }
  return text;
}

}  // namespace ktstr
