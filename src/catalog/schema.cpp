// SPDX-License-Identifier: MIT
#include "catalog/schema.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "catalog/connection.hpp"
#include "catalog/views.hpp"

namespace ktstr {

// Made at build, of what is in migrations/.
extern const std::span<const std::string_view* const> embedded_catalog_migrations;
extern const std::span<const std::string_view* const> embedded_archive_migrations;

namespace {

std::span<const std::string_view* const> migrations(Store store) {
  return store == Store::archive ? embedded_archive_migrations : embedded_catalog_migrations;
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

void run_migrations(SQLite::Database& database, Store store, std::int32_t from, std::int32_t to) {
  for (std::int32_t i = std::max(from, 0); i < to; ++i) {
    database.exec(std::string(*migrations(store)[static_cast<std::size_t>(i)]));
  }
}

void set_setting(SQLite::Database& database, const char* key, const Value& value) {
  SQLite::Statement statement(database, "INSERT OR REPLACE INTO setting(key, value) VALUES(?, ?)");
  statement.bind(1, key);
  bind_value(statement, 2, value);
  statement.exec();
}

}  // namespace

std::int32_t application_id(Store store) {
  return store == Store::archive ? k_archive_application_id : k_catalog_application_id;
}

std::int32_t layout_version(Store store) {
  return static_cast<std::int32_t>(migrations(store).size());
}

std::string layouts_text(Store store, std::int32_t found) {
  return std::string("the ") + (store == Store::archive ? "archive" : "catalog") + " has layout " +
         std::to_string(found) + ", this program knows " + std::to_string(layout_version(store));
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

void migrate(SQLite::Database& database, Store store) {
  ImmediateTransaction transaction(database);
  const StoreHeader header = read_header(database, store);
  if (header.state != StoreState::empty && header.state != StoreState::older) return;
  run_migrations(database, store, header.layout_version, layout_version(store));
  make_views(database, store);
  set_pragma(database, "application_id", application_id(store));
  set_pragma(database, "user_version", layout_version(store));
  put_versions(database, store);
  transaction.commit();
}

void make_tables(SQLite::Database& database, Store store, std::int32_t layout) {
  run_migrations(database, store, 0, layout);
}

std::string views_digest(Store store) {
  std::string text;
  for (const ViewDefinition& view : view_definitions(store)) text.append(view.sql).append(";\n");
  return hex16(xxh3_64(text));
}

void put_versions(SQLite::Database& database, Store store) {
  set_setting(database, "layout_version", std::int64_t{layout_version(store)});
  set_setting(database, "extraction_version", k_extraction_version);
  set_setting(database, k_views_digest, views_digest(store));
}

}  // namespace ktstr
