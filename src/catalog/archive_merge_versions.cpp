// SPDX-License-Identifier: MIT

// Redacted observations of MergeTarget. A pack's results have ids of their own, and names in which
// private parts were replaced. What was packed is known again by what no redaction changes: when
// the file was written, the record's own time, its verdict and its numbers, and by the names around
// what was replaced. So one's own pack adds nothing at home, and of two packs of the same results,
// made at different times or from different choices, one comes in.

#include <algorithm>

#include "base/text.hpp"
#include "catalog/archive_merge_target.hpp"
#include "privacy/redaction.hpp"
#include "store/dump_name.hpp"

namespace ktstr {
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
