// SPDX-License-Identifier: MIT
#include "catalog/open_database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace ktstr {
namespace {

// The archive beside a catalog, and what VACUUM INTO writes.
constexpr int k_most_attached = 2;
// No schema of ours has triggers; none means none within others, too.
constexpr int k_trigger_depth = 1;
constexpr int k_longest_strange_sql = 64 << 10;
// Names, words of errors, lists of arguments. The largest of ours is an error with its context.
constexpr int k_longest_strange_value = 4 << 20;
constexpr int k_longest_document = 1'000'000'000;  // SQLite's own limit

// What the statements of a merge use.
constexpr std::string_view k_pragmas[] = {"table_info", "index_list", "index_info", "page_count",
                                          "page_size"};
constexpr std::string_view k_functions[] = {"count", "group_concat"};

template <std::size_t Count>
bool is_one_of(const char* text, const std::string_view (&known)[Count]) {
  return text != nullptr && std::find(std::begin(known), std::end(known), text) != std::end(known);
}

int authorize(void* /*context*/, int action, const char* first, const char* second,
              const char* /*database*/, const char* /*through*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return is_one_of(second, k_functions) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
      return is_one_of(first, k_pragmas) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

int flags_of(DatabaseUse use) {
  // One connection belongs to one thread, so a lock around each of its calls would buy nothing.
  const int common = SQLite::OPEN_NOMUTEX | SQLite::OPEN_URI;
  switch (use) {
    case DatabaseUse::read:
      return common | SQLite::OPEN_READONLY;
    case DatabaseUse::write:
      return common | SQLite::OPEN_READWRITE;
    case DatabaseUse::make:
      break;
  }
  return common | SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
}

void harden(sqlite3* handle) {
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, k_most_attached);
  sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, k_trigger_depth);
}

}  // namespace

std::unique_ptr<SQLite::Database> open_database(const std::string& path, DatabaseUse use,
                                                std::int64_t busy_timeout_ms, FollowLinks follow) {
  const int links = follow == FollowLinks::no ? SQLite::OPEN_NOFOLLOW : 0;
  auto database = std::make_unique<SQLite::Database>(path, flags_of(use) | links,
                                                     static_cast<int>(busy_timeout_ms));
  harden(database->getHandle());
  return database;
}

void trust_schema(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, nullptr);
}

void expect_a_strangers(SQLite::Database& database) {
  sqlite3* const handle = database.getHandle();
  refuse_views(database);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, k_longest_strange_sql);
  allow_documents(database, false);
  database.exec("PRAGMA cell_size_check = ON");
  database.exec("PRAGMA mmap_size = 0");
}

void limit_steps(SQLite::Database& database, int steps) {
  sqlite3_progress_handler(
      database.getHandle(), steps, [](void*) { return 1; }, nullptr);
}

void allow_reading_only(SQLite::Database& database) {
  // Their first use defines their columns, which the authorizer would take for a change.
  database.exec(
      "SELECT 1 FROM pragma_table_info('setting'), pragma_index_list('setting'), "
      "pragma_index_info('setting')");
  sqlite3_set_authorizer(database.getHandle(), authorize, nullptr);
}

void allow_documents(SQLite::Database& database, bool allow) {
  sqlite3_limit(database.getHandle(), SQLITE_LIMIT_LENGTH,
                allow ? k_longest_document : k_longest_strange_value);
}

void read_damaged_schema(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  database.exec("PRAGMA writable_schema = ON");
}

}  // namespace ktstr
