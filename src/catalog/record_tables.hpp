// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "database/connection.hpp"
#include "database/extract.hpp"

namespace ktstr {

/// The table of keys and values that the catalog and the archive both have. Throws
/// SQLite::Exception; one object per connection, not thread-safe.
class SettingTable {
 public:
  explicit SettingTable(SQLite::Database& database);

  /// The value as text; none if there is none.
  [[nodiscard]] std::optional<std::string> find(const std::string& key);
  /// Wants a transaction around it.
  void put(const std::string& key, const Value& value);

 private:
  LazyStatement find_;
  LazyStatement put_;
};

// What hangs on a stored record: series, the small lists, hosts and shapes. The tables are the same
// in the catalog and in the archive. Functions throw SQLite::Exception and want a transaction
// around them. One object per connection, not thread-safe.

class RecordTables {
 public:
  explicit RecordTables(SQLite::Database& database);
  ~RecordTables();
  RecordTables(const RecordTables&) = delete;
  RecordTables& operator=(const RecordTables&) = delete;

  /// The id of the host's row, which is made if need be.
  [[nodiscard]] std::int64_t host_id(const HostRow& host);
  void put_children(std::int64_t sidecar_id, const ExtractedRecord& record);
  void remove_children(std::int64_t sidecar_id);
  /// Drops hosts that no record uses any more. Unused shapes stay: they are few and small, and
  /// finding them would mean reading all series.
  void remove_unused_hosts();
  /// After a transaction that didn't commit, and before one that follows others' changes: ids that
  /// were handed out may be void.
  void forget_cached_ids();

 private:
  struct Statements;

  [[nodiscard]] std::int64_t shape_id(const SeriesShape& shape);
  [[nodiscard]] std::int64_t insert_host(const HostRow& host);
  [[nodiscard]] std::int64_t insert_shape(const SeriesShape& shape);
  void put_series(std::int64_t sidecar_id, const ExtractedRecord& record);
  void put_kvm(std::int64_t sidecar_id, const ExtractedRecord& record);
  void put_programs(std::int64_t sidecar_id, const ExtractedRecord& record);

  SQLite::Database& database_;
  std::unique_ptr<Statements> statements_;
  std::unordered_map<std::string, std::int64_t> host_ids_;
  std::unordered_map<std::string, std::int64_t> shape_ids_;
};

}  // namespace ktstr
