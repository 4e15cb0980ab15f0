// SPDX-License-Identifier: MIT
#include "catalog/schema.hpp"

#include <string>
#include <string_view>

#include "catalog/connection.hpp"
#include "catalog/views.hpp"

namespace ktstr {

extern const std::string_view embedded_catalog_0001_tables;

namespace {

const std::string_view k_migrations[] = {embedded_catalog_0001_tables};

std::int32_t pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

void set_pragma(SQLite::Database& database, const char* name, std::int32_t value) {
  database.exec(std::string("PRAGMA ") + name + " = " + std::to_string(value));
}

// Views hold nothing, so they are made anew rather than altered.
void make_views(SQLite::Database& database) {
  for (const ViewDefinition& view : view_definitions()) {
    database.exec("DROP VIEW IF EXISTS " + view.name);
  }
  for (const ViewDefinition& view : view_definitions()) database.exec(view.sql);
}

void set_setting(SQLite::Database& database, const char* key, std::int64_t value) {
  SQLite::Statement statement(database, "INSERT OR REPLACE INTO setting(key, value) VALUES(?, ?)");
  statement.bind(1, key);
  statement.bind(2, value);
  statement.exec();
}

}  // namespace

std::int32_t catalog_layout_version() { return static_cast<std::int32_t>(std::size(k_migrations)); }

CatalogHeader read_header(SQLite::Database& database) {
  CatalogHeader header;
  // One snapshot: while another process makes the catalog, half of the answers from before and half
  // from after would look like somebody else's database.
  database.exec("SAVEPOINT header");
  header.layout_version = pragma(database, "user_version");
  const std::int32_t application_id = pragma(database, "application_id");
  const bool has_tables = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() > 0;
  database.exec("RELEASE header");
  if (application_id == 0 && header.layout_version == 0 && !has_tables) return header;
  if (application_id != k_catalog_application_id) {
    header.state = CatalogState::foreign;
  } else if (header.layout_version > catalog_layout_version()) {
    header.state = CatalogState::newer;
  } else {
    header.state = header.layout_version < catalog_layout_version() ? CatalogState::older
                                                                    : CatalogState::current;
  }
  return header;
}

void migrate_catalog(SQLite::Database& database) {
  ImmediateTransaction transaction(database);
  const CatalogHeader header = read_header(database);
  if (header.state != CatalogState::empty && header.state != CatalogState::older) return;
  for (std::int32_t i = header.layout_version; i < catalog_layout_version(); ++i) {
    database.exec(std::string(k_migrations[i]));
  }
  make_views(database);
  set_pragma(database, "application_id", k_catalog_application_id);
  set_pragma(database, "user_version", catalog_layout_version());
  set_setting(database, "layout_version", catalog_layout_version());
  set_setting(database, "extraction_version", k_extraction_version);
  transaction.commit();
}

}  // namespace ktstr
