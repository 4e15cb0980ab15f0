// SPDX-License-Identifier: MIT
#include "query/archive_pins.hpp"

#include <algorithm>
#include <set>

#include "catalog/connection.hpp"
#include "query/archive_selection.hpp"

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

}  // namespace ktstr
