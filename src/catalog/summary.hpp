// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "database/connection.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// What a catalog holds, in numbers.
struct CatalogSummary {
  std::map<std::string, std::int64_t> status;  ///< files by status: ok, drift, corrupt, unreadable
  std::int64_t run_dirs = 0;
  std::int64_t file_bytes = 0;     ///< of the sidecars
  std::int64_t catalog_bytes = 0;  ///< of the catalog's pages
  std::optional<std::int64_t> last_refresh_ns;
  std::int64_t unsettled = 0;  ///< stamps too fresh to be trusted when they were taken
  /// When the first of them was changed; none if none has a time.
  std::optional<std::int64_t> oldest_unsettled_ns;
};
[[nodiscard]] Result<CatalogSummary> summarize(SQLite::Database& database);

/// The shortest prefix of a result's id, of at least 8 digits, that names no other result. Reads
/// only a view, so that it works while the connection refuses the tables.
class IdPrefixes {
 public:
  /// Of the results that one attached store has, the catalog's own if none is named.
  explicit IdPrefixes(SQLite::Database& database, const std::string& schema = "main");
  /// Throws SQLite::Exception.
  [[nodiscard]] std::string shortest(const std::string& id);

 private:
  SQLite::Statement before_;
  SQLite::Statement after_;
};

}  // namespace ktstr
