// SPDX-License-Identifier: MIT
#include "catalog/archive_tables.hpp"

#include "base/hashing.hpp"
#include "catalog/archive_statements.hpp"
#include "catalog/connection.hpp"
#include "catalog/statements.hpp"
#include "environment/project_key.hpp"

namespace ktstr {

// Roots, directories and documents here; observations in archive_observations.cpp.

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

std::string ArchiveTables::project_for(const std::string& root_path) {
  auto project = project_of(root_path);
  return project ? std::move(*project) : project_key(root_path);
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

}  // namespace ktstr
