// SPDX-License-Identifier: MIT
#include "catalog/catalog_trust.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <vector>

#include "catalog/schema.hpp"
#include "catalog/setting_table.hpp"

namespace ktstr {
namespace {

// The root stays: it was just compared with where the catalog is.
constexpr const char* k_forget_settings = "DELETE FROM setting WHERE key <> 'root'";

std::vector<std::string> tables_with_rows(SQLite::Database& database) {
  SQLite::Statement select(database,
                           "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                           "'sqlite!_%' ESCAPE '!' AND name <> 'setting'");
  std::vector<std::string> names;
  while (select.executeStep()) names.push_back(column_bytes(select, 0));
  return names;
}

}  // namespace

std::string file_identity(const std::string& path) {
  struct statx status = {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return {};
  const std::string inode = std::to_string(status.stx_ino);
  if ((status.stx_mask & STATX_BTIME) != 0) {
    return inode + "@" + std::to_string(status.stx_btime.tv_sec) + "." +
           std::to_string(status.stx_btime.tv_nsec);
  }
  return inode + "/" + std::to_string(status.stx_dev_major) + ":" +
         std::to_string(status.stx_dev_minor);
}

bool disown_rows(SQLite::Database& database, const std::string& identity) {
  ImmediateTransaction transaction(database);
  SettingTable settings(database);
  if (settings.find(k_own_file) == identity) return false;
  // Everything: a forged host or shape is found by its digest, whichever file names it.
  bool had_rows = false;
  for (const std::string& table : tables_with_rows(database)) {
    had_rows = database.exec("DELETE FROM " + table) > 0 || had_rows;
  }
  database.exec(k_forget_settings);
  put_versions(database, Store::catalog);
  settings.put(k_own_file, identity);
  transaction.commit();
  return had_rows;
}

}  // namespace ktstr
