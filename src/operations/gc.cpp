// SPDX-License-Identifier: MIT
#include "operations/gc.hpp"

#include <algorithm>
#include <set>

#include "archive/archive.hpp"
#include "archive/space.hpp"
#include "archive/tables.hpp"
#include "catalog/record_tables.hpp"
#include "database/connection.hpp"
#include "operations/purge.hpp"

namespace ktstr {
namespace {

constexpr const char* k_session_kind = "session";
constexpr const char* k_query_kind = "query";

Result<std::vector<std::int64_t>> results_of(SQLite::Database& archive, const ArchivePin& pin,
                                             const Clock& clock) {
  if (pin.kind == k_query_kind) return results_where(archive, pin.value, clock);
  return guarded(archive.getFilename(), [&] { return results_of_session(archive, pin.value); });
}

std::string pin_text(const ArchivePin& pin) { return pin.kind + "=" + pin.value; }

/// How many rows it has changed.
Result<int> write_pin(SQLite::Database& archive, const char* sql, const ArchivePin& pin) {
  return guarded(archive.getFilename(), [&] {
    ImmediateTransaction transaction(archive);
    SQLite::Statement statement(archive, sql);
    statement.bind(1, pin.kind);
    statement.bind(2, pin.value);
    const int changed = statement.exec();
    transaction.commit();
    return changed;
  });
}

}  // namespace

Result<ArchivePin> parse_pin(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string kind(text.substr(0, equals));
  const bool is_kind = kind == k_session_kind || kind == k_query_kind;
  if (equals == std::string_view::npos || !is_kind || equals + 1 == text.size()) {
    return fail(ErrorCode::usage,
                "wants session=TOKEN or query=EXPR, not '" + std::string(text) + "'");
  }
  return ArchivePin{kind, std::string(text.substr(equals + 1))};
}

Result<std::vector<ArchivePin>> archive_pins(SQLite::Database& archive) {
  return guarded(archive.getFilename(), [&] {
    SQLite::Statement select(archive, "SELECT kind, value FROM pin ORDER BY kind, value");
    std::vector<ArchivePin> pins;
    while (select.executeStep()) {
      pins.push_back({column_bytes(select, 0), column_bytes(select, 1)});
    }
    return pins;
  });
}

Result<std::int64_t> pinned_by(SQLite::Database& archive, const ArchivePin& pin,
                               const Clock& clock) {
  const auto results = results_of(archive, pin, clock);
  if (!results) return fail(results.error());
  return static_cast<std::int64_t>(results->size());
}

Result<void> put_pin(SQLite::Database& archive, const ArchivePin& pin, const Clock& clock) {
  const auto results = pinned_by(archive, pin, clock);
  if (!results) return fail(results.error());
  if (*results == 0 && pin.kind == k_session_kind) {
    return fail(ErrorCode::usage, "the archive has no session '" + pin.value + "'", "",
                "ktstr-index query --over past --group-by session lists them");
  }
  const auto changed =
      write_pin(archive, "INSERT OR IGNORE INTO pin(kind, value) VALUES(?, ?)", pin);
  return changed ? Result<void>() : fail(changed.error());
}

Result<void> remove_pin(SQLite::Database& archive, const ArchivePin& pin) {
  const auto changed = write_pin(archive, "DELETE FROM pin WHERE kind = ? AND value = ?", pin);
  if (!changed) return fail(changed.error());
  if (*changed > 0) return {};
  return fail(ErrorCode::usage, "there is no pin " + pin_text(pin), "",
              "ktstr-index gc --pins lists them");
}

Result<std::vector<ArchivePin>> pins_only_of(SQLite::Database& archive,
                                             const std::vector<std::int64_t>& sidecar_ids,
                                             const Clock& clock) {
  const auto pins = archive_pins(archive);
  if (!pins) return fail(pins.error());
  const std::set<std::int64_t> going(sidecar_ids.begin(), sidecar_ids.end());
  std::vector<ArchivePin> found;
  for (const ArchivePin& pin : *pins) {
    const auto results = results_of(archive, pin, clock);
    const bool is_of_them = results && !results->empty() &&
                            std::all_of(results->begin(), results->end(),
                                        [&](std::int64_t each) { return going.contains(each); });
    if (is_of_them) found.push_back(pin);
  }
  return found;
}

Result<std::vector<std::int64_t>> pinned_results(SQLite::Database& archive, const Clock& clock) {
  const auto pins = archive_pins(archive);
  if (!pins) return fail(pins.error());
  std::vector<std::int64_t> all;
  for (const ArchivePin& pin : *pins) {
    const auto results = results_of(archive, pin, clock);
    if (!results) {
      Error error = results.error();
      error.message = "the pin " + pin_text(pin) + " doesn't work: " + error.message;
      return fail(std::move(error));
    }
    all.insert(all.end(), results->begin(), results->end());
  }
  return all;
}

namespace {

// Others wait no longer than for the removal of these.
constexpr std::size_t k_documents_at_once = 64;

// Every observation with what the policy asks of it. `place` is its number among the newest of its
// test and variant.
constexpr const char* k_make_observations =
    "CREATE TEMP TABLE gc_observation(sidecar_id INTEGER PRIMARY KEY, id TEXT, seen_ns, time_ns, "
    "place, is_pinned)";
constexpr const char* k_add_sidecars =
    "INSERT INTO temp.gc_observation SELECT s.sidecar_id, s.id, "
    "coalesce(s.last_seen_ns, r.last_seen_ns, s.first_seen_ns), "
    "coalesce(s.time_ns, s.mtime_ns, s.first_seen_ns), row_number() OVER (PARTITION BY r.project, "
    "coalesce(s.test_name, s.file_name), s.variant_hash ORDER BY coalesce(s.mtime_ns, "
    "s.first_seen_ns) DESC, s.first_seen_ns DESC, s.sidecar_id DESC), "
    "s.sidecar_id IN (SELECT number FROM temp.gc_pinned) "
    "FROM sidecar s JOIN directory d USING(directory_id) JOIN runs_root r USING(root_id)";
constexpr const char* k_make_dumps =
    "CREATE TEMP TABLE gc_dump(artifact_id INTEGER PRIMARY KEY, id TEXT, seen_ns, time_ns, place, "
    "is_pinned, owner)";

// A dump without a result is what is left of a run that crashed; its place says nothing.
std::string add_dumps_sql() {
  return "INSERT INTO temp.gc_dump SELECT x.artifact_id, x.id, x.seen_ns, x.mtime_ns, "
         "coalesce(g.place, 1), coalesce(g.is_pinned, 0) OR coalesce(x.session IN (SELECT value "
         "FROM pin WHERE kind = 'session'), 0), x.owner FROM (SELECT a.artifact_id, a.id, "
         "coalesce(a.last_seen_ns, r.last_seen_ns, a.first_seen_ns) AS seen_ns, a.mtime_ns, "
         "a.session, " +
         dump_owner_sql("a") +
         " AS owner FROM artifact a JOIN directory d USING(directory_id) JOIN runs_root r "
         "USING(root_id)) x LEFT JOIN temp.gc_observation g ON g.sidecar_id = x.owner";
}

constexpr const char* k_documents =
    "SELECT c.id, c.kind = 'sidecar', c.stored_bytes, coalesce(max(o.seen_ns), c.first_seen_ns) AS "
    "seen_ns, coalesce(max(o.time_ns), c.first_seen_ns) AS time_ns, min(o.place), "
    "coalesce(max(o.is_pinned), 0), count(o.id) FROM document c LEFT JOIN (SELECT id, seen_ns, "
    "time_ns, place, is_pinned FROM temp.gc_observation UNION ALL SELECT id, seen_ns, time_ns, "
    "place, is_pinned FROM temp.gc_dump WHERE id IS NOT NULL) o ON o.id = c.id "
    "GROUP BY c.document_id ORDER BY seen_ns, time_ns, c.document_id";
constexpr const char* k_unkept_dumps =
    "SELECT g.artifact_id, o.id FROM temp.gc_dump g JOIN temp.gc_observation o "
    "ON o.sidecar_id = g.owner WHERE g.id IS NULL";

struct Candidate {
  std::string id;
  bool is_result = false;
  std::int64_t stored_bytes = 0;
  std::int64_t seen_ns = 0;
  std::optional<std::int64_t> place;
  bool is_pinned = false;
  std::int64_t observations = 0;
  bool is_evidence = false;  ///< of a result whose row is lost, perhaps
  bool is_chosen = false;
};

void make_tables(SQLite::Database& archive, const std::vector<std::int64_t>& pinned) {
  make_number_table(archive, "gc_pinned", pinned);
  for (const char* table : {"gc_observation", "gc_dump"}) {
    archive.exec(std::string("DROP TABLE IF EXISTS temp.") + table);
  }
  archive.exec(k_make_observations);
  archive.exec(k_add_sidecars);
  archive.exec(k_make_dumps);
  archive.exec(add_dumps_sql());
}

/// The oldest first.
std::vector<Candidate> read_candidates(SQLite::Database& archive) {
  const bool was_mended = SettingTable(archive).find(k_was_mended).has_value();
  SQLite::Statement select(archive, k_documents);
  std::vector<Candidate> found;
  while (select.executeStep()) {
    Candidate& each = found.emplace_back();
    each.id = column_bytes(select, 0);
    each.is_result = select.getColumn(1).getInt() != 0;
    each.stored_bytes = select.getColumn(2).getInt64();
    each.seen_ns = select.getColumn(3).getInt64();
    if (!select.getColumn(5).isNull()) each.place = select.getColumn(5).getInt64();
    each.is_pinned = select.getColumn(6).getInt() != 0;
    each.observations = select.getColumn(7).getInt64();
    each.is_evidence = was_mended && each.observations == 0;
  }
  return found;
}

bool goes_by_age_and_place(const Candidate& each, const GcPolicy& policy, std::int64_t now_ns) {
  if (each.is_pinned || each.is_evidence || (!policy.keep_ns && !policy.keep_last)) return false;
  if (each.stored_bytes == 0 && !policy.with_rows) return false;
  if (policy.keep_ns && each.seen_ns >= now_ns - *policy.keep_ns) return false;
  return !policy.keep_last || !each.place || *each.place > *policy.keep_last;
}

void choose(std::vector<Candidate>& candidates, const GcPolicy& policy, std::int64_t now_ns) {
  std::int64_t left_bytes = 0;
  for (Candidate& each : candidates) {
    each.is_chosen = goes_by_age_and_place(each, policy, now_ns);
    if (!each.is_chosen) left_bytes += each.stored_bytes;
  }
  if (!policy.max_bytes) return;
  for (Candidate& each : candidates) {
    if (left_bytes <= *policy.max_bytes) return;
    if (each.is_chosen || each.is_pinned || each.is_evidence || each.stored_bytes == 0) continue;
    each.is_chosen = true;
    left_bytes -= each.stored_bytes;
  }
}

void count(const Candidate& each, const GcPolicy& policy, GcPlan& plan) {
  if (!each.is_chosen) {
    plan.kept_bytes += each.stored_bytes;
    if (each.is_pinned) plan.pinned_bytes += each.stored_bytes;
    return;
  }
  const bool has_bytes = each.stored_bytes > 0;
  plan.documents.push_back({each.id, has_bytes});
  if (has_bytes) ++(each.is_result ? plan.results : plan.dumps);
  plan.bytes += each.stored_bytes;
  if (policy.with_rows) plan.rows += each.observations;
  plan.oldest_ns = std::min(plan.oldest_ns.value_or(each.seen_ns), each.seen_ns);
  plan.newest_ns = std::max(plan.newest_ns.value_or(each.seen_ns), each.seen_ns);
}

void add_unkept_dumps(SQLite::Database& archive, GcPlan& plan) {
  std::set<std::string> going;
  for (const GcDocument& each : plan.documents) going.insert(each.id);
  SQLite::Statement select(archive, k_unkept_dumps);
  while (select.executeStep()) {
    if (!going.contains(column_bytes(select, 1))) continue;
    plan.unkept_dumps.push_back(select.getColumn(0).getInt64());
    ++plan.rows;
  }
}

}  // namespace

Result<GcPlan> plan_gc(SQLite::Database& archive, const GcPolicy& policy, const Clock& clock) {
  const auto pinned = pinned_results(archive, clock);
  if (!pinned) return fail(pinned.error());
  return guarded(archive.getFilename(), [&] {
    GcPlan plan;
    plan.planned_ns = clock.now_ns();
    std::vector<Candidate> candidates;
    archive.exec("PRAGMA temp_store = MEMORY");
    SQLite::Transaction one_moment(archive);
    make_tables(archive, *pinned);
    candidates = read_candidates(archive);
    one_moment.commit();
    choose(candidates, policy, plan.planned_ns);
    for (const Candidate& each : candidates) count(each, policy, plan);
    if (policy.with_rows) add_unkept_dumps(archive, plan);
    return plan;
  });
}

Result<void> apply_gc(Archive& archive, const GcPlan& plan, bool with_rows,
                      const std::function<bool()>& should_stop) {
  return guarded(archive.path(), [&]() -> Result<void> {
    ArchiveRemoval removal(archive.database());
    for (std::size_t at = 0; at < plan.documents.size(); at += k_documents_at_once) {
      if (should_stop && should_stop()) return fail(ErrorCode::interrupted, "interrupted");
      const std::size_t end = std::min(plan.documents.size(), at + k_documents_at_once);
      ImmediateTransaction transaction(archive.database());
      for (std::size_t i = at; i < end; ++i) {
        const GcDocument& each = plan.documents[i];
        if (removal.was_seen_since(each.id, plan.planned_ns)) continue;
        if (each.has_bytes) removal.drop_bytes(each.id);
        if (!with_rows) continue;
        removal.remove_observations(each.id);
        removal.remove_if_unseen(each.id);
      }
      transaction.commit();
    }
    if (!with_rows) return {};
    ImmediateTransaction transaction(archive.database());
    for (const std::int64_t each : plan.unkept_dumps) {
      static_cast<void>(removal.remove_artifact(each));
    }
    removal.sweep();
    transaction.commit();
    return {};
  });
}

Result<CapReport> enforce_archive_cap(Archive& archive, std::int64_t cap_bytes,
                                      const Clock& clock) {
  const auto stored = guarded(archive.path(), [&] { return archive.tables().stored_bytes(); });
  if (!stored) return fail(stored.error());
  CapReport report;
  if (archive.has_losses()) return report;
  if (*stored <= cap_bytes) return report;
  GcPolicy policy;
  // Some room more, so that not every refresh from now on has to look for the oldest.
  policy.max_bytes = cap_bytes - cap_bytes / 32;
  const auto plan = plan_gc(archive.database(), policy, clock);
  if (!plan) return fail(plan.error());
  if (plan->documents.empty()) return report;
  if (auto sound = find_damage(archive, false); !sound) return fail(sound.error());
  if (auto applied = apply_gc(archive, *plan, false, {}); !applied) return fail(applied.error());
  if (const auto space = return_space(archive); !space) return fail(space.error());
  report.results = plan->results;
  report.dumps = plan->dumps;
  report.bytes = plan->bytes;
  report.before_ns = plan->newest_ns.value_or(0);
  return report;
}

}  // namespace ktstr
