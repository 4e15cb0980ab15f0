// SPDX-License-Identifier: MIT
#include "catalog/schema.hpp"

#include <span>
#include <string>
#include <string_view>

#include "catalog/connection.hpp"
#include "catalog/views.hpp"

namespace ktstr {

extern const std::string_view embedded_catalog_0001_tables;
extern const std::string_view embedded_archive_0001_tables;

namespace {

const std::string_view k_catalog_migrations[] = {embedded_catalog_0001_tables};
const std::string_view k_archive_migrations[] = {embedded_archive_0001_tables};

std::span<const std::string_view> migrations(Store store) {
  if (store == Store::archive) return k_archive_migrations;
  return k_catalog_migrations;
}

std::int32_t application_id(Store store) {
  return store == Store::archive ? k_archive_application_id : k_catalog_application_id;
}

std::int32_t pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

void set_pragma(SQLite::Database& database, const char* name, std::int32_t value) {
  database.exec(std::string("PRAGMA ") + name + " = " + std::to_string(value));
}

// Views hold nothing, so they are made anew rather than altered.
void make_views(SQLite::Database& database, Store store) {
  const auto views = view_definitions(store);
  for (const ViewDefinition& view : views) {
    database.exec("DROP VIEW IF EXISTS " + view.name);
  }
  for (const ViewDefinition& view : views) database.exec(view.sql);
}

void set_setting(SQLite::Database& database, const char* key, std::int64_t value) {
  SQLite::Statement statement(database, "INSERT OR REPLACE INTO setting(key, value) VALUES(?, ?)");
  statement.bind(1, key);
  statement.bind(2, value);
  statement.exec();
}

}  // namespace

std::int32_t layout_version(Store store) {
  return static_cast<std::int32_t>(migrations(store).size());
}

StoreHeader read_header(SQLite::Database& database, Store store) {
  StoreHeader header;
  // One snapshot: while another process makes the catalog, half of the answers from before and half
  // from after would look like somebody else's database.
  database.exec("SAVEPOINT header");
  header.layout_version = pragma(database, "user_version");
  const std::int32_t found_id = pragma(database, "application_id");
  const bool has_tables = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() > 0;
  database.exec("RELEASE header");
  if (found_id == 0 && header.layout_version == 0 && !has_tables) return header;
  if (found_id != application_id(store)) {
    header.state = StoreState::foreign;
  } else if (header.layout_version > layout_version(store)) {
    header.state = StoreState::newer;
  } else {
    header.state =
        header.layout_version < layout_version(store) ? StoreState::older : StoreState::current;
  }
  return header;
}

bool is_sound_store(const std::string& path, Store store) {
  const auto found = guarded(path, [&] {
    SQLite::Database database(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX);
    (void)read_header(database, store);
    return database.execAndGet("PRAGMA integrity_check(1)").getString();
  });
  return found && *found == "ok";
}

void migrate(SQLite::Database& database, Store store) {
  ImmediateTransaction transaction(database);
  const StoreHeader header = read_header(database, store);
  if (header.state != StoreState::empty && header.state != StoreState::older) return;
  for (std::int32_t i = header.layout_version; i < layout_version(store); ++i) {
    database.exec(std::string(migrations(store)[static_cast<std::size_t>(i)]));
  }
  make_views(database, store);
  set_pragma(database, "application_id", application_id(store));
  set_pragma(database, "user_version", layout_version(store));
  set_setting(database, "layout_version", layout_version(store));
  set_setting(database, "extraction_version", k_extraction_version);
  transaction.commit();
}

}  // namespace ktstr
