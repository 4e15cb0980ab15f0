// SPDX-License-Identifier: MIT
#include "catalog/setting_table.hpp"

#include "catalog/statements.hpp"

namespace ktstr {

SettingTable::SettingTable(SQLite::Database& database)
    : find_(database, "SELECT value FROM setting WHERE key = ?"),
      put_(database, "INSERT OR REPLACE INTO setting(key, value) VALUES(?, ?)") {}

std::optional<std::string> SettingTable::find(const std::string& key) {
  SQLite::Statement& select = find_.fresh();
  select.bind(1, key);
  std::optional<std::string> value;
  if (select.executeStep()) value = text_at(select, 0);
  select.reset();
  return value;
}

void SettingTable::put(const std::string& key, const Value& value) {
  SQLite::Statement& put = put_.fresh();
  put.bind(1, key);
  bind_value(put, 2, value);
  put.exec();
}

}  // namespace ktstr
