// SPDX-License-Identifier: MIT
#include "archive/merge_target.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "database/connection.hpp"
#include "privacy/redaction.hpp"
#include "store/footer.hpp"

namespace ktstr {
namespace {

/// When it was last known to be so; an end counts as later than a look at the same time.
std::pair<std::int64_t, bool> known_until(const ObservationTimes& times) {
  return {times.ended_ns.value_or(times.seen_until_ns()), times.ended_ns.has_value()};
}

}  // namespace

ObservationTimes as_imported(ObservationTimes times) {
  times.last_seen_ns = times.seen_until_ns();
  if (!times.ended_ns) times.ended_ns = times.last_seen_ns;
  times.root_seen_ns.reset();
  return times;
}

ObservationTimes united(const ObservationTimes& one, const ObservationTimes& other) {
  ObservationTimes result = known_until(one) > known_until(other) ? one : other;
  if (result.ended_ns) {
    result.last_seen_ns = std::max(one.seen_until_ns(), other.seen_until_ns());
    if (one.ended_ns == other.ended_ns) result.ending = std::max(one.ending, other.ending);
  } else {
    result.last_seen_ns.reset();
  }
  result.first_seen_ns = std::min(one.first_seen_ns, other.first_seen_ns);
  return result;
}

namespace {

constexpr const char* k_find_document =
    "SELECT stored_bytes > 0, is_redacted FROM document WHERE id = ? AND size_bytes = ?";
constexpr const char* k_widen_document =
    "UPDATE document SET first_seen_ns = ?1 "
    "WHERE id = ?2 AND size_bytes = ?3 AND first_seen_ns > ?1";
// Complete wins over interrupted over unknown, and brings its exit status along.
constexpr const char* k_put_session =
    "INSERT INTO session(session, project, state, started_ns, ended_ns, exit_status) "
    "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(session, project) DO UPDATE SET "
    "exit_status = CASE WHEN excluded.state = 'complete' AND state <> 'complete' "
    "OR excluded.state = 'interrupted' AND state = 'unknown' "
    "THEN coalesce(excluded.exit_status, exit_status) "
    "ELSE coalesce(exit_status, excluded.exit_status) END, "
    "state = CASE WHEN 'complete' IN (state, excluded.state) THEN 'complete' "
    "WHEN 'interrupted' IN (state, excluded.state) THEN 'interrupted' ELSE 'unknown' END, "
    "started_ns = min(coalesce(started_ns, excluded.started_ns), "
    "coalesce(excluded.started_ns, started_ns)), "
    "ended_ns = max(coalesce(ended_ns, excluded.ended_ns), "
    "coalesce(excluded.ended_ns, ended_ns))";
constexpr const char* k_set_root_seen =
    "UPDATE runs_root SET last_seen_ns = max(coalesce(last_seen_ns, ?1), ?1) WHERE root_id = ?2";
constexpr const char* k_complete_sidecars =
    "UPDATE sidecar SET first_seen_ns = coalesce((SELECT min(d.first_seen_ns) FROM document d "
    "WHERE d.id = sidecar.id), 0) WHERE first_seen_ns = 0";
constexpr const char* k_complete_times =
    "UPDATE document SET first_seen_ns = coalesce("
    "(SELECT min(s.first_seen_ns) FROM sidecar s WHERE s.id = document.id), "
    "(SELECT min(a.first_seen_ns) FROM artifact a WHERE a.id = document.id), first_seen_ns) "
    "WHERE first_seen_ns = 0";
constexpr const char* k_complete_kinds =
    "UPDATE document SET kind = (SELECT a.kind FROM artifact a WHERE a.id = document.id) "
    "WHERE first_seen_ns = 0 AND NOT EXISTS (SELECT 1 FROM sidecar s WHERE s.id = document.id) "
    "AND EXISTS (SELECT 1 FROM artifact a WHERE a.id = document.id "
    "AND a.kind IN ('failure-dump', 'wprof'))";

}  // namespace

MergeTarget::MergeTarget(SQLite::Database& database, bool is_import)
    : database_(database), is_import_(is_import), tables_(database) {}

SQLite::Statement& MergeTarget::statement(const std::string& sql) {
  auto& kept = statements_[sql];
  if (!kept) kept = std::make_unique<SQLite::Statement>(database_, sql);
  kept->tryReset();
  kept->clearBindings();
  return *kept;
}

void MergeTarget::forget_cached_ids() {
  directory_ids_.clear();
  host_ids_.clear();
  shape_ids_.clear();
  tables_.records().forget_cached_ids();
}

std::int64_t MergeTarget::insert(const std::string& table, const Columns& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.first);
  SQLite::Statement& put = statement("INSERT INTO " + table + "(" + joined_names(names) +
                                     ") VALUES(" + placeholders(names.size()) + ")");
  int index = 0;
  for (const auto& column : columns) bind_borrowed(put, ++index, column.second);
  put.exec();
  return database_.getLastInsertRowid();
}

DocumentRank MergeTarget::rank(const std::string& id, std::int64_t size_bytes) {
  SQLite::Statement& find = statement(k_find_document);
  find.bind(1, id);
  find.bind(2, size_bytes);
  DocumentRank found = DocumentRank::none;
  if (find.executeStep()) {
    found = find.getColumn(0).getInt() == 0   ? DocumentRank::dropped
            : find.getColumn(1).getInt() != 0 ? DocumentRank::redacted
                                              : DocumentRank::whole;
  }
  find.reset();
  return found;
}

bool MergeTarget::put_document(const PackedDocument& document, std::int64_t first_seen_ns) {
  const DocumentRank offered = document.frame.empty() ? DocumentRank::dropped
                               : document.is_redacted ? DocumentRank::redacted
                                                      : DocumentRank::whole;
  if (rank(document.id, document.size_bytes) >= offered) {
    SQLite::Statement& widen = statement(k_widen_document);
    widen.bind(1, first_seen_ns);
    widen.bind(2, document.id);
    widen.bind(3, document.size_bytes);
    widen.exec();
    return false;
  }
  tables_.write_document(document, first_seen_ns);
  return !document.frame.empty();
}

void MergeTarget::put_plain(const std::string& table, const SourceRow& row) {
  SQLite::Statement& put =
      statement("INSERT OR IGNORE INTO " + table + "(" + joined_names(*row.names) + ") VALUES(" +
                placeholders(row.names->size()) + ")");
  int index = 0;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const auto* const id = table == "label" && (*row.names)[i] == "id"
                               ? std::get_if<std::string>(&row.values[i])
                               : nullptr;
    const auto other = id != nullptr ? known_as_.find(*id) : known_as_.end();
    bind_value(put, ++index, other == known_as_.end() ? row.values[i] : Value(other->second));
  }
  put.exec();
}

void MergeTarget::put_session(const SourceRow& row, const std::string& project) {
  SQLite::Statement& put = statement(k_put_session);
  bind_borrowed(put, 1, row["session"]);
  put.bindNoCopy(2, project);
  int index = 2;
  for (const char* name : {"state", "started_ns", "ended_ns", "exit_status"}) {
    bind_borrowed(put, ++index, row[name]);
  }
  put.exec();
}

void MergeTarget::put_root(const ArchiveRoot& root, std::optional<std::int64_t> seen_ns) {
  const std::int64_t id = tables_.root_id(root);
  if (!seen_ns) return;
  SQLite::Statement& set = statement(k_set_root_seen);
  set.bind(1, *seen_ns);
  set.bind(2, id);
  set.exec();
}

void MergeTarget::complete_guessed() {
  database_.exec(k_complete_sidecars);
  database_.exec(k_complete_kinds);
  database_.exec(k_complete_times);
}

std::int64_t MergeTarget::directory_id(const SourcePlace& place) {
  std::string key;
  for (const std::string* part :
       {&place.root.path, &place.root.origin, &place.root.project, &place.run_dir, &place.job}) {
    key.append(*part).append(1, '\0');
  }
  const auto [entry, is_new] = directory_ids_.try_emplace(key, 0);
  if (is_new) {
    entry->second = tables_.directory_id(tables_.root_id(place.root), place.run_dir, place.job);
  }
  return entry->second;
}

/// 0: it isn't here.
std::int64_t MergeTarget::find_digest(const char* sql, const std::string& digest) {
  SQLite::Statement& find = statement(sql);
  find.bind(1, digest);
  const std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  return id;
}

std::int64_t MergeTarget::host_id(const SourceObservation& sidecar) {
  if (sidecar.rebuilt) {
    return sidecar.rebuilt->host ? tables_.records().host_id(*sidecar.rebuilt->host) : 0;
  }
  if (!sidecar.host) return 0;
  const auto [entry, is_new] = host_ids_.try_emplace(sidecar.host->text("digest"), 0);
  if (!is_new) return entry->second;
  entry->second = find_digest("SELECT host_id FROM host WHERE digest = ?", entry->first);
  if (entry->second != 0) return entry->second;
  Columns columns;
  for (const std::string& name : *sidecar.host->names) {
    if (name != "host_id") columns.emplace_back(name, (*sidecar.host)[name]);
  }
  return entry->second = insert("host", columns);
}

std::int64_t MergeTarget::shape_id(const SourceShape& shape) {
  const auto [entry, is_new] = shape_ids_.try_emplace(shape.digest, 0);
  if (!is_new) return entry->second;
  entry->second = find_digest("SELECT shape_id FROM shape WHERE digest = ?", shape.digest);
  if (entry->second != 0) return entry->second;
  const std::int64_t id = insert("shape", {{"digest", shape.digest}});
  std::int64_t position = 0;
  for (const std::string& metric : shape.metrics) {
    insert("shape_metric", {{"shape_id", id}, {"metric", metric}, {"position", position++}});
  }
  return entry->second = id;
}

void MergeTarget::put_children(std::int64_t sidecar_id, const SourceObservation& sidecar) {
  if (sidecar.rebuilt) return tables_.records().put_children(sidecar_id, *sidecar.rebuilt);
  for (const auto& [table, rows] : sidecar.children) {
    for (const SourceRow& row : rows) {
      Columns columns;
      for (std::size_t i = 0; i < row.values.size(); ++i) {
        const std::string& name = (*row.names)[i];
        columns.emplace_back(name, name == "sidecar_id" ? Value(sidecar_id)
                                   : name == "shape_id"
                                       ? Value(shape_id(sidecar.shapes.at(row.integer(name))))
                                       : row.values[i]);
      }
      insert(table, columns);
    }
  }
}

// Redacted observations of MergeTarget. A pack's results have ids of their own, and names in which
// private parts were replaced. What was packed is known again by what no redaction changes: when
// the file was written, the record's own time, its verdict and its numbers, and by the names around
// what was replaced. So one's own pack adds nothing at home, and of two packs of the same results,
// made at different times or from different choices, one comes in.

namespace {

/// Without the hash of the variant, which is another where parts of the variant were private.
std::string without_hash(const std::string& file_name) {
  const auto hash = dump_name(file_name).hash;
  if (!hash) return file_name;
  const std::size_t at = file_name.find("-" + *hash);
  return at == std::string::npos ? file_name : std::string(file_name).erase(at, 1 + hash->size());
}

bool may_be_same_name(const std::string& one, const std::string& other) {
  return may_have_become(one, other) || may_have_become(other, one);
}

/// Where times are coarse, two variants may have been written at one time.
bool may_be_same_file(const std::string& name, const SourceObservation& observation) {
  constexpr std::int64_t k_second_ns = 1'000'000'000;
  const std::string other = observation.row.text("file_name");
  if (may_be_same_name(name, other)) return true;
  return observation.row.integer("mtime_ns") % k_second_ns != 0 &&
         may_be_same_name(without_hash(name), without_hash(other));
}

constexpr const char* k_unchanged[] = {
    "time_ns",         "verdict",         "vcpus",        "cpu_budget",   "cleanup_duration_ms",
    "periodic_fired",  "monitor_samples", "worst_spread", "worst_gap_ms", "total_migrations",
    "total_iterations"};
constexpr const char* k_named[] = {"test_name", "topology", "scheduler", "work_type", "payload"};

}  // namespace

bool MergeTarget::is_redacted(const std::string& id) {
  SQLite::Statement& find = statement("SELECT max(is_redacted) FROM document WHERE id = ?");
  find.bind(1, id);
  const bool is_redacted = find.executeStep() && find.getColumn(0).getInt() != 0;
  find.reset();
  return is_redacted;
}

const std::vector<std::int64_t>& MergeTarget::rows_written_at(const std::string& table,
                                                              std::int64_t mtime_ns) {
  const auto [entry, is_new] = written_.try_emplace(table);
  if (is_new) {
    SQLite::Statement& all = statement("SELECT mtime_ns, " + table + "_id FROM " + table +
                                       " WHERE mtime_ns > 0 ORDER BY 2");
    while (all.executeStep()) {
      entry->second[all.getColumn(0).getInt64()].push_back(all.getColumn(1).getInt64());
    }
    all.reset();
  }
  return entry->second[mtime_ns];
}

bool MergeTarget::is_same_version(const std::string& table, const SourceObservation& observation,
                                  std::int64_t row_id) {
  const bool is_sidecar = table == "sidecar";
  std::string columns = "d.run_dir, d.job, t.file_name";
  if (is_sidecar) {
    for (const char* name : k_unchanged) columns.append(", t.").append(name);
    for (const char* name : k_named) columns.append(", t.").append(name);
  }
  SQLite::Statement& find =
      statement("SELECT " + columns + " FROM " + table +
                " t JOIN directory d USING(directory_id) WHERE t." + table + "_id = ?");
  find.bind(1, row_id);
  if (!find.executeStep()) return false;
  int index = 3;
  bool is_same = may_be_same_name(column_bytes(find, 0), observation.place.run_dir) &&
                 may_be_same_name(column_bytes(find, 1), observation.place.job) &&
                 may_be_same_file(column_bytes(find, 2), observation);
  if (is_sidecar) {
    for (const char* name : k_unchanged) {
      is_same = is_same && column_value(find, index) == observation.row[name];
      ++index;
    }
    for (const char* name : k_named) {
      const bool is_null = std::holds_alternative<std::monostate>(observation.row[name]);
      is_same = is_same && find.getColumn(index).isNull() == is_null &&
                may_be_same_name(column_bytes(find, index), observation.row.text(name));
      ++index;
    }
  }
  find.reset();
  return is_same;
}

std::optional<MergeTarget::Known> MergeTarget::find_same_version(
    const std::string& table, const SourceObservation& observation) {
  if (!is_import_) return std::nullopt;
  const std::int64_t mtime_ns = observation.row.integer("mtime_ns");
  if (mtime_ns <= 0) return std::nullopt;
  const std::string id = observation.row.text("id");
  // Of a dump whose bytes aren't in a redacted pack, the size isn't either.
  const bool is_nameless = id.empty() && observation.row.integer("size_bytes") == 0;
  const bool is_other_redacted = is_nameless || is_redacted(id);
  for (const std::int64_t row_id : rows_written_at(table, mtime_ns)) {
    auto known = read_known(table, "t." + table + "_id = ?", {row_id});
    if (!known || !(is_other_redacted || is_redacted(known->id))) continue;
    if (is_same_version(table, observation, row_id)) return known;
  }
  return std::nullopt;
}

bool MergeTarget::unite_version(const std::string& table, const Known& known,
                                const SourceObservation& observation) {
  const std::string id = observation.row.text("id");
  const bool says_more = !known.is_ours && !id.empty() && !is_redacted(id) &&
                         (known.id.empty() || is_redacted(known.id));
  if (!says_more) {
    widen(table, known, observation);
    if (!id.empty() && !known.id.empty() && table == "sidecar") known_as_[id] = known.id;
    forget_document(id);
    return false;
  }
  if (table == "sidecar") {
    tables_.records().remove_children(known.row_id);
    SQLite::Statement& label = statement("UPDATE OR IGNORE label SET id = ? WHERE id = ?");
    label.bind(1, id);
    label.bind(2, known.id);
    label.exec();
  }
  SQLite::Statement& remove = statement("DELETE FROM " + table + " WHERE " + table + "_id = ?");
  remove.bind(1, known.row_id);
  remove.exec();
  forget_document(known.id);
  return true;
}

/// Documents come in before what they belong to.
void MergeTarget::forget_document(const std::string& id) {
  constexpr const char* k_unused =
      "document_id IN (SELECT document_id FROM document WHERE id = ?1 AND is_redacted = 1) AND NOT "
      "EXISTS (SELECT 1 FROM sidecar WHERE id = ?1) AND NOT EXISTS (SELECT 1 FROM artifact WHERE "
      "id = ?1)";
  for (const char* table : {"document_bytes", "document"}) {
    SQLite::Statement& remove =
        statement("DELETE FROM " + std::string(table) + " WHERE " + k_unused);
    remove.bind(1, id);
    remove.exec();
  }
}

}  // namespace ktstr
