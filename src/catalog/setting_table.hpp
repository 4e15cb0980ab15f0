// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "catalog/connection.hpp"
#include "catalog/lazy_statement.hpp"

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

}  // namespace ktstr
