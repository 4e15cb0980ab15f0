// SPDX-License-Identifier: MIT
#include "catalog/summary.hpp"

#include <algorithm>

#include "catalog/tables.hpp"
#include "database/connection.hpp"

namespace ktstr {
namespace {

std::size_t shared_length(const std::string& a, const std::string& b) {
  const std::size_t length = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(length), b.begin()).first -
      a.begin());
}

std::string neighbour(SQLite::Statement& statement, const std::string& id) {
  statement.reset();
  statement.bind(1, id);
  return statement.executeStep() ? column_bytes(statement, 0) : std::string();
}

}  // namespace

Result<CatalogSummary> summarize(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] {
    CatalogTables tables(database);
    CatalogSummary summary;
    summary.status = tables.status_counts();
    summary.unsettled = tables.unsettled_count();
    summary.run_dirs = database.execAndGet("SELECT count(*) FROM run_dirs").getInt64();
    summary.file_bytes =
        database.execAndGet("SELECT coalesce(sum(size_bytes), 0) FROM sidecar").getInt64();
    summary.catalog_bytes = database.execAndGet("PRAGMA page_count").getInt64() *
                            database.execAndGet("PRAGMA page_size").getInt64();
    SQLite::Statement oldest(database,
                             "SELECT min(ctime_ns) FROM (\n"
                             "  SELECT ctime_ns FROM sidecar WHERE settled = 0 UNION ALL\n"
                             "  SELECT ctime_ns FROM directory WHERE settled = 0)");
    if (oldest.executeStep() && !oldest.getColumn(0).isNull()) {
      summary.oldest_unsettled_ns = oldest.getColumn(0).getInt64();
    }
    SQLite::Statement time(database, "SELECT value FROM setting WHERE key = 'last_refresh_ns'");
    if (time.executeStep()) summary.last_refresh_ns = time.getColumn(0).getInt64();
    return summary;
  });
}

IdPrefixes::IdPrefixes(SQLite::Database& database, const std::string& schema)
    : before_(database,
              "SELECT id FROM " + schema + ".files WHERE id < ? ORDER BY id DESC LIMIT 1"),
      after_(database, "SELECT id FROM " + schema + ".files WHERE id > ? ORDER BY id LIMIT 1") {}

std::string IdPrefixes::shortest(const std::string& id) {
  constexpr std::size_t k_least = 8;
  const std::size_t shared =
      std::max(shared_length(id, neighbour(before_, id)), shared_length(id, neighbour(after_, id)));
  return id.substr(0, std::max(k_least, shared + 1));
}

}  // namespace ktstr
