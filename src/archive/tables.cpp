// SPDX-License-Identifier: MIT
#include "archive/tables.hpp"

#include "base/hashing.hpp"
#include "catalog/tables.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"
#include "store/footer.hpp"

namespace ktstr {

// Roots, directories and documents here; observations in observations.cpp.

ArchiveTables::ArchiveTables(SQLite::Database& database)
    : database_(database),
      statements_(std::make_unique<Statements>(database)),
      settings_(database),
      records_(database) {}

ArchiveTables::~ArchiveTables() = default;

std::optional<std::string> ArchiveTables::project_of(const std::string& root_path) {
  SQLite::Statement& select = statements_->find_project.fresh();
  select.bind(1, root_path);
  std::optional<std::string> project;
  if (select.executeStep()) project = column_bytes(select, 0);
  select.reset();
  return project;
}

Result<std::string> ArchiveTables::project_for(const std::string& root_path) {
  auto project = project_of(root_path);
  if (project) return std::move(*project);
  return project_key(root_path);
}

std::int64_t ArchiveTables::root_id(const ArchiveRoot& root) {
  SQLite::Statement& put = statements_->put_root.fresh();
  put.bind(1, root.path);
  put.bind(2, root.origin);
  put.bind(3, root.project);
  put.executeStep();
  const std::int64_t id = put.getColumn(0).getInt64();
  put.reset();
  return id;
}

void ArchiveTables::set_root_seen(std::int64_t root_id, std::int64_t seen_ns) {
  SQLite::Statement& set = statements_->set_root_seen.fresh();
  set.bind(1, seen_ns);
  set.bind(2, root_id);
  set.exec();
}

std::int64_t ArchiveTables::directory_id(std::int64_t root_id, const std::string& run_dir,
                                         const std::string& job) {
  SQLite::Statement& find = statements_->find_directory.fresh();
  find.bind(1, root_id);
  find.bind(2, run_dir);
  find.bind(3, job);
  const std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  if (id != 0) return id;
  if (!job.empty()) (void)directory_id(root_id, run_dir, "");
  return insert_directory(root_id, run_dir, job);
}

std::int64_t ArchiveTables::insert_directory(std::int64_t root_id, const std::string& run_dir,
                                             const std::string& job) {
  SQLite::Statement& put = statements_->put_directory.fresh();
  put.bind(1, root_id);
  put.bind(2, run_dir);
  put.bind(3, job);
  put.exec();
  return database_.getLastInsertRowid();
}

bool ArchiveTables::has_document(const std::string& id, std::int64_t size_bytes) {
  SQLite::Statement& find = statements_->find_document.fresh();
  find.bind(1, id);
  find.bind(2, size_bytes);
  const bool is_here =
      find.executeStep() && find.getColumn(1).getInt64() > 0 && find.getColumn(2).getInt() == 0;
  find.reset();
  return is_here;
}

void ArchiveTables::put_document(const PackedDocument& document, std::int64_t seen_ns) {
  if (!has_document(document.id, document.size_bytes)) write_document(document, seen_ns);
}

void ArchiveTables::write_document(const PackedDocument& document, std::int64_t seen_ns) {
  SQLite::Statement& put = statements_->put_document.fresh();
  put.bind(1, document.id);
  put.bind(2, document.size_bytes);
  put.bind(3, document_kind_name(document.kind));
  put.bind(4, document.coding);
  put.bind(5, document.is_redacted ? 1 : 0);
  put.bind(6, document.plain_bytes);
  put.bind(7, static_cast<std::int64_t>(document.frame.size()));
  put.bind(8, seen_ns);
  put.executeStep();
  const std::int64_t id = put.getColumn(0).getInt64();
  put.reset();
  if (document.frame.empty()) return;
  SQLite::Statement& bytes = statements_->put_document_bytes.fresh();
  bytes.bind(1, id);
  bytes.bindNoCopy(2, document.frame.data(), static_cast<int>(document.frame.size()));
  bytes.exec();
}

std::optional<PackedDocument> ArchiveTables::document(const std::string& id) {
  SQLite::Statement& select = statements_->document.fresh();
  select.bind(1, id);
  std::optional<PackedDocument> found;
  if (select.executeStep()) {
    PackedDocument& document = found.emplace();
    document.id = id;
    document.size_bytes = select.getColumn(0).getInt64();
    for (const DocumentKind kind :
         {DocumentKind::sidecar, DocumentKind::failure_dump, DocumentKind::wprof}) {
      if (column_bytes(select, 1) == document_kind_name(kind)) document.kind = kind;
    }
    document.coding = column_bytes(select, 2);
    document.is_redacted = select.getColumn(3).getInt() != 0;
    document.plain_bytes = select.getColumn(4).getInt64();
    document.frame = column_bytes(select, 5);
  }
  select.reset();
  return found;
}

void ArchiveTables::put_label(const std::string& id, const std::string& key,
                              const std::string& value) {
  SQLite::Statement& put = statements_->put_label.fresh();
  put.bind(1, id);
  put.bind(2, key);
  put.bind(3, value);
  put.exec();
}

/// A token that is used again goes on: what began first and ended last, and whole only if its last
/// part was.
void ArchiveTables::put_session(const SessionRecord& session, const std::string& project) {
  SQLite::Statement& put = statements_->put_session.fresh();
  put.bind(1, session.session);
  put.bind(2, project);
  put.bind(3, session.is_complete ? "complete" : "interrupted");
  put.bind(4, session.started_ns);
  put.bind(5, session.ended_ns);
  if (session.exit_status) put.bind(6, *session.exit_status);
  put.exec();
}

void ArchiveTables::label_session(std::int64_t root_id, const std::string& session,
                                  const std::string& key, const std::string& value) {
  SQLite::Statement& put = statements_->label_session.fresh();
  put.bind(1, key);
  put.bind(2, value);
  put.bind(3, session);
  put.bind(4, root_id);
  put.exec();
}

std::int64_t ArchiveTables::stored_bytes() {
  return database_.execAndGet("SELECT coalesce(sum(stored_bytes), 0) FROM document").getInt64();
}

std::int64_t ArchiveTables::stored_dump_bytes() {
  return database_
      .execAndGet("SELECT coalesce(sum(stored_bytes), 0) FROM document WHERE kind <> 'sidecar'")
      .getInt64();
}

namespace {

// A repeated put gives the row that is there: DO NOTHING would return none.
constexpr const char* k_put_root =
    "INSERT INTO runs_root(path, origin, project) VALUES(?, ?, ?) "
    "ON CONFLICT(path, origin, project) DO UPDATE SET path = path RETURNING root_id";
constexpr const char* k_find_project =
    "SELECT project FROM runs_root WHERE path = ? AND origin = '' ORDER BY root_id DESC LIMIT 1";
// Bytes that were dropped and are seen again are kept again.
constexpr const char* k_put_document =
    "INSERT INTO document(id, size_bytes, kind, coding, is_redacted, plain_bytes, stored_bytes, "
    "first_seen_ns) VALUES(?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT(id, size_bytes) DO UPDATE SET coding = excluded.coding, "
    "is_redacted = excluded.is_redacted, plain_bytes = excluded.plain_bytes, "
    "stored_bytes = excluded.stored_bytes, "
    "first_seen_ns = min(first_seen_ns, excluded.first_seen_ns) RETURNING document_id";
constexpr const char* k_document =
    "SELECT d.size_bytes, d.kind, d.coding, d.is_redacted, d.plain_bytes, b.bytes "
    "FROM document d JOIN document_bytes b USING(document_id) WHERE d.id = ?";
constexpr const char* k_standing_sidecars =
    "SELECT s.sidecar_id, d.run_dir, d.job, s.file_name, s.id, s.size_bytes, s.mtime_ns "
    "FROM directory d CROSS JOIN sidecar s USING(directory_id) "
    "WHERE d.root_id = ? AND s.ended_ns IS NULL";
constexpr const char* k_standing_artifacts =
    "SELECT s.artifact_id, d.run_dir, d.job, s.file_name, s.id, s.size_bytes, s.mtime_ns "
    "FROM directory d CROSS JOIN artifact s USING(directory_id) "
    "WHERE d.root_id = ? AND s.ended_ns IS NULL";
// Last seen when its root was: what its row didn't need to say while it stood.
constexpr const char* k_end =
    "SET ended_ns = ?, ending = ?, last_seen_ns = max(first_seen_ns, coalesce((SELECT "
    "r.last_seen_ns FROM directory d JOIN runs_root r USING(root_id) "
    "WHERE d.directory_id = t.directory_id), first_seen_ns)) WHERE ended_ns IS NULL AND ";

// What was imported of the same place in the same project, or, by an earlier version, under the
// name of ours. Each part of the union has an index.
std::string imported_sql(const std::string& table, const std::string& same_content) {
  return "SELECT t." + table +
         "_id, t.first_seen_ns, t.session FROM directory here CROSS JOIN "
         "runs_root home USING(root_id) CROSS JOIN " +
         table +
         " t CROSS JOIN directory d ON "
         "d.directory_id = t.directory_id CROSS JOIN runs_root r ON r.root_id = d.root_id WHERE "
         "here.directory_id = ?2 AND home.origin = '' AND r.origin <> '' AND t." +
         table + "_id IN (SELECT " + table + "_id FROM " + table +
         " WHERE observation_id = ?1 UNION " + same_content +
         ") AND (t.observation_id = ?1 OR (d.run_dir = here.run_dir AND d.job = "
         "here.job AND r.project = home.project))";
}
constexpr const char* k_same_sidecar =
    "SELECT sidecar_id FROM sidecar WHERE id = ?4 AND file_name = ?3";
// One whose bytes can't be read here doesn't take the place of one that has them.
constexpr const char* k_same_artifact =
    "SELECT a.artifact_id FROM directory p CROSS JOIN artifact a USING(directory_id) WHERE ?6 AND "
    "p.run_dir = here.run_dir AND p.job = here.job AND a.file_name = ?3 AND a.size_bytes = ?4 AND "
    "a.mtime_ns = ?5";

constexpr const char* k_find_observation =
    "SELECT 1 FROM sidecar s JOIN directory d USING(directory_id) JOIN runs_root r USING(root_id) "
    "WHERE s.id = ? AND s.file_name = ? AND d.run_dir = ? AND d.job = ? AND r.path = ?";
constexpr const char* k_put_session =
    "INSERT INTO session(session, project, state, started_ns, ended_ns, exit_status) "
    "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(session, project) DO UPDATE SET state = excluded.state, "
    "started_ns = min(started_ns, excluded.started_ns), ended_ns = excluded.ended_ns, "
    "exit_status = excluded.exit_status";
constexpr const char* k_label_session =
    "INSERT OR REPLACE INTO label(id, key, value) SELECT DISTINCT s.id, ?, ? "
    "FROM sidecar s JOIN directory d USING(directory_id) WHERE s.session = ? AND d.root_id = ?";

std::string put_sidecar_sql() {
  std::vector<std::string> columns = {"observation_id", "directory_id", "file_name",  "id",
                                      "size_bytes",     "mtime_ns",     "is_symlink", "status",
                                      "error_class",    "error",        "file_hash",  "session",
                                      "first_seen_ns",  "host_id"};
  columns.insert(columns.end(), stored_columns().begin(), stored_columns().end());
  return "INSERT INTO sidecar(" + joined_names(columns) + ") VALUES(" +
         placeholders(columns.size()) + ")";
}

}  // namespace

ArchiveTables::Statements::Statements(SQLite::Database& db)
    : find_project(db, k_find_project),
      put_root(db, k_put_root),
      set_root_seen(db, "UPDATE runs_root SET last_seen_ns = ? WHERE root_id = ?"),
      find_directory(db,
                     "SELECT directory_id FROM directory WHERE root_id = ? AND run_dir = ? "
                     "AND job = ?"),
      put_directory(db, "INSERT INTO directory(root_id, run_dir, job) VALUES(?, ?, ?)"),
      find_document(db,
                    "SELECT document_id, stored_bytes, is_redacted FROM document "
                    "WHERE id = ? AND size_bytes = ?"),
      put_document(db, k_put_document),
      put_document_bytes(db,
                         "INSERT OR REPLACE INTO document_bytes(document_id, bytes) VALUES(?, ?)"),
      document(db, k_document),
      put_label(db, "INSERT OR REPLACE INTO label(id, key, value) VALUES(?, ?, ?)"),
      put_session(db, k_put_session),
      label_session(db, k_label_session),
      find_observation(db, k_find_observation),
      find_place(db, "SELECT run_dir, job FROM directory WHERE directory_id = ?"),
      find_sidecar(db,
                   "SELECT sidecar_id, ended_ns IS NOT NULL FROM sidecar "
                   "WHERE directory_id = ? AND file_name = ? AND id = ?"),
      put_sidecar(db, put_sidecar_sql),
      reopen_sidecar(db,
                     "UPDATE sidecar SET ended_ns = NULL, ending = NULL, last_seen_ns = NULL "
                     "WHERE sidecar_id = ?"),
      standing_sidecars(db, k_standing_sidecars),
      standing_named(db,
                     "SELECT sidecar_id FROM sidecar WHERE directory_id = ? AND file_name = ? "
                     "AND ended_ns IS NULL"),
      end_sidecar(db,
                  [] { return std::string("UPDATE sidecar AS t ") + k_end + "sidecar_id = ?"; }),
      find_artifact(db,
                    "SELECT artifact_id, ended_ns IS NOT NULL FROM artifact WHERE directory_id = ? "
                    "AND file_name = ? AND size_bytes = ? AND mtime_ns = ?"),
      put_artifact(db,
                   "INSERT INTO artifact(observation_id, directory_id, file_name, kind, "
                   "test_name, file_hash, size_bytes, mtime_ns, is_symlink, id, not_kept, session, "
                   "first_seen_ns) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                   "ON CONFLICT(directory_id, file_name, size_bytes, mtime_ns) DO UPDATE SET "
                   "id = coalesce(excluded.id, id), not_kept = excluded.not_kept, "
                   "ended_ns = NULL, ending = NULL, last_seen_ns = NULL"),
      standing_artifacts(db, k_standing_artifacts),
      end_artifact(db,
                   [] { return std::string("UPDATE artifact AS t ") + k_end + "artifact_id = ?"; }),
      imported_sidecar(db, [] { return imported_sql("sidecar", k_same_sidecar); }),
      remove_sidecar(db, "DELETE FROM sidecar WHERE sidecar_id = ?"),
      imported_artifact(db, [] { return imported_sql("artifact", k_same_artifact); }),
      remove_artifact(db, "DELETE FROM artifact WHERE artifact_id = ?") {}

bool is_trace(std::string_view artifact_kind) {
  return artifact_kind.find("wprof") != std::string_view::npos;
}

DocumentKind document_kind(std::string_view artifact_kind) {
  return is_trace(artifact_kind) ? DocumentKind::wprof : DocumentKind::failure_dump;
}

void set_dump_name(ArtifactRow& row) {
  DumpName name = dump_name(row.file_name);
  row.test_name = std::move(name.test);
  row.file_hash = std::move(name.hash);
}

ArtifactRow dump_row(const std::string& file_name, std::int64_t size_bytes, std::int64_t mtime_ns) {
  ArtifactRow row;
  row.file_name = file_name;
  const auto name = classify_artifact(file_name);
  row.kind = artifact_kind_name(name ? name->kind : ArtifactKind::failure_dump);
  set_dump_name(row);
  row.size_bytes = size_bytes;
  row.mtime_ns = mtime_ns;
  return row;
}

std::string too_large_text(std::int64_t most_bytes) {
  return "larger than " + std::to_string(most_bytes >> 20) + " MiB";
}

namespace {

/// The first version that isn't older than the dump, else the last one. In two steps, since
/// SQLite's ORDER BY can't name the dump.
std::string version_sql(const std::string& artifact, const std::string& condition) {
  const std::string time = "coalesce(o.mtime_ns, o.first_seen_ns)";
  const std::string select =
      "(SELECT o.sidecar_id FROM sidecar o WHERE o.directory_id = " + artifact +
      ".directory_id AND " + condition;
  return select + " AND " + time + " >= " + artifact + ".mtime_ns ORDER BY " + time +
         ", o.sidecar_id LIMIT 1), " + select + " ORDER BY " + time +
         " DESC, o.sidecar_id DESC LIMIT 1)";
}

}  // namespace

std::string dump_owner_sql(const std::string& artifact) {
  const std::string& a = artifact;
  // By name first: that finds the file of a record that doesn't decode, too, and by an index.
  return "coalesce(" +
         version_sql(a, "o.file_name = " + a + ".test_name || '-' || " + a +
                            ".file_hash || '.ktstr.json'") +
         ", " +
         version_sql(a, "o.test_name = " + a + ".test_name AND (" + a +
                            ".file_hash IS NULL OR o.file_hash IS NULL)") +
         ")";
}

}  // namespace ktstr
