// SPDX-License-Identifier: MIT
#include "operations/purge.hpp"

#include <algorithm>
#include <set>

#include "archive/space.hpp"
#include "archive/tables.hpp"
#include "database/connection.hpp"
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

namespace {

constexpr std::size_t k_rows_at_once = 64;

// What only observations that go have.
constexpr const char* k_documents =
    "SELECT count(*), coalesce(sum(c.stored_bytes), 0) FROM document c WHERE c.id IN (SELECT id "
    "FROM sidecar WHERE sidecar_id IN (SELECT number FROM temp.purge_sidecar) UNION SELECT id FROM "
    "artifact WHERE artifact_id IN (SELECT number FROM temp.purge_artifact)) "
    "AND NOT EXISTS (SELECT 1 FROM sidecar s WHERE s.id = c.id AND s.sidecar_id NOT IN (SELECT "
    "number FROM temp.purge_sidecar)) AND NOT EXISTS (SELECT 1 FROM artifact a WHERE a.id = c.id "
    "AND a.artifact_id NOT IN (SELECT number FROM temp.purge_artifact))";
constexpr const char* k_span =
    "SELECT min(coalesce(time_ns, mtime_ns)), max(coalesce(time_ns, mtime_ns)) FROM sidecar WHERE "
    "sidecar_id IN (SELECT number FROM temp.purge_sidecar)";

std::string dumps_sql() {
  return "SELECT a.artifact_id FROM artifact a WHERE a.directory_id IN (SELECT directory_id FROM "
         "sidecar WHERE sidecar_id IN (SELECT number FROM temp.purge_sidecar)) AND " +
         dump_owner_sql("a") + " IN (SELECT number FROM temp.purge_sidecar)";
}

std::vector<std::int64_t> numbers(SQLite::Database& archive, const std::string& sql) {
  SQLite::Statement select(archive, sql);
  std::vector<std::int64_t> found;
  while (select.executeStep()) found.push_back(select.getColumn(0).getInt64());
  return found;
}

PurgePlan plan_rows(SQLite::Database& archive, const PurgeRequest& request,
                    const std::vector<std::int64_t>& chosen) {
  make_number_table(archive, "purge_sidecar", chosen);
  if (request.project) keep_of_project(archive, "purge_sidecar", *request.project);
  PurgePlan plan;
  plan.sidecar_ids = numbers(archive, "SELECT number FROM temp.purge_sidecar");
  plan.artifact_ids = numbers(archive, dumps_sql());
  make_number_table(archive, "purge_artifact", plan.artifact_ids);
  SQLite::Statement documents(archive, k_documents);
  documents.executeStep();
  plan.documents = documents.getColumn(0).getInt64();
  plan.bytes = documents.getColumn(1).getInt64();
  SQLite::Statement span(archive, k_span);
  span.executeStep();
  if (!span.getColumn(0).isNull()) {
    plan.oldest_ns = span.getColumn(0).getInt64();
    plan.newest_ns = span.getColumn(1).getInt64();
  }
  return plan;
}

/// In commits of a few rows each.
Result<void> remove_some_at_once(
    Archive& archive, const std::vector<std::int64_t>& rows,
    const std::function<bool()>& should_stop,
    const std::function<void(std::int64_t row, std::set<std::string>& ids)>& remove,
    const std::function<void(const std::string& id)>& settle) {
  for (std::size_t at = 0; at < rows.size(); at += k_rows_at_once) {
    if (should_stop && should_stop()) return fail(ErrorCode::interrupted, "interrupted");
    ImmediateTransaction transaction(archive.database());
    std::set<std::string> ids;
    for (std::size_t i = at; i < std::min(rows.size(), at + k_rows_at_once); ++i) {
      remove(rows[i], ids);
    }
    for (const std::string& id : ids) settle(id);
    transaction.commit();
  }
  return {};
}

Result<void> remove_rows(Archive& archive, const PurgePlan& plan,
                         const std::function<bool()>& should_stop) {
  ArchiveRemoval removal(archive.database());
  const auto settle = [&](const std::string& id) {
    static_cast<void>(removal.remove_if_unseen(id));
  };
  // Dumps first: they belong to what is still there, should this be interrupted.
  auto removed = remove_some_at_once(
      archive, plan.artifact_ids, should_stop,
      [&](std::int64_t row, std::set<std::string>& ids) {
        ids.insert(removal.remove_artifact(row));
      },
      settle);
  if (removed) {
    removed = remove_some_at_once(
        archive, plan.sidecar_ids, should_stop,
        [&](std::int64_t row, std::set<std::string>& ids) {
          ids.insert(removal.remove_sidecar(row));
        },
        settle);
  }
  if (!removed) return removed;
  ImmediateTransaction transaction(archive.database());
  removal.sweep();
  transaction.commit();
  return {};
}

/// Bytes that others have, too, stay.
Result<void> remove_bytes(Archive& archive, const PurgePlan& plan,
                          const std::function<bool()>& should_stop) {
  SQLite::Database& database = archive.database();
  make_number_table(database, "purge_sidecar", plan.sidecar_ids);
  make_number_table(database, "purge_artifact", plan.artifact_ids);
  std::string sql = k_documents;
  sql.replace(0, sql.find(" FROM "), "SELECT c.document_id");
  const std::vector<std::int64_t> documents = numbers(database, sql);
  SQLite::Statement id_of(database, "SELECT id FROM document WHERE document_id = ?");
  ArchiveRemoval removal(database);
  return remove_some_at_once(
      archive, documents, should_stop,
      [&](std::int64_t row, std::set<std::string>& ids) {
        id_of.bind(1, row);
        if (id_of.executeStep()) ids.insert(column_bytes(id_of, 0));
        id_of.reset();
      },
      [&](const std::string& id) { removal.drop_bytes(id); });
}

}  // namespace

Result<PurgePlan> plan_purge(SQLite::Database& archive, const PurgeRequest& request,
                             const Clock& clock) {
  const auto chosen = results_where(archive, request.expression, clock);
  if (!chosen) return fail(chosen.error());
  auto plan = guarded(archive.getFilename(), [&] {
    archive.exec("PRAGMA temp_store = MEMORY");
    SQLite::Transaction one_moment(archive);
    PurgePlan rows = plan_rows(archive, request, *chosen);
    one_moment.commit();
    return rows;
  });
  if (!plan || request.bytes_only) return plan;
  auto pins = pins_only_of(archive, plan->sidecar_ids, clock);
  if (!pins) return fail(std::move(pins.error()));
  plan->pins = std::move(*pins);
  return plan;
}

Result<void> apply_purge(Archive& archive, const PurgePlan& plan, bool bytes_only,
                         const std::function<bool()>& should_stop) {
  return guarded(archive.path(), [&]() -> Result<void> {
    archive.database().exec("PRAGMA secure_delete = ON");
    // First, since nothing finds them once their results are gone.
    for (const ArchivePin& pin : plan.pins) {
      static_cast<void>(remove_pin(archive.database(), pin));  // gone already, perhaps
    }
    return bytes_only ? remove_bytes(archive, plan, should_stop)
                      : remove_rows(archive, plan, should_stop);
  });
}

Result<PurgedSpace> clean_after_purge(Archive& archive) {
  const auto rewritten = rewrite(archive);
  if (rewritten) return PurgedSpace{*rewritten, true};
  if (rewritten.error().code == ErrorCode::corrupt) return fail(rewritten.error());
  const auto returned = return_space(archive);
  if (!returned) return fail(returned.error());
  return PurgedSpace{*returned, false};
}

}  // namespace ktstr
