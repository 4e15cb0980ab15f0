// SPDX-License-Identifier: MIT
#include "catalog/archive_statements.hpp"

#include "catalog/sql_text.hpp"

namespace ktstr {
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

}  // namespace ktstr
