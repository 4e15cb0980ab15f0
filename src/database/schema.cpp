// SPDX-License-Identifier: MIT
#include "database/schema.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "database/open_database.hpp"
#include "database/views.hpp"

namespace ktstr {

// The whole schema/*.sql, which a test holds against what migrations and views make.
extern const std::string_view embedded_catalog_schema;
extern const std::string_view embedded_archive_schema;

namespace {

// A schema of more objects isn't ours, and needn't be listed to the end.
constexpr std::size_t k_most_strangers = 100;
constexpr std::size_t k_longest_shown_name = 60;

// What ANALYZE leaves, which a user may have run.
constexpr std::string_view k_statistics[] = {
    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
};

SchemaKind kind_of(std::string_view sql) {
  if (sql.starts_with("CREATE VIEW ")) return SchemaKind::view;
  if (sql.starts_with("CREATE TRIGGER ")) return SchemaKind::trigger;
  if (sql.starts_with("CREATE INDEX ") || sql.starts_with("CREATE UNIQUE INDEX ")) {
    return SchemaKind::index;
  }
  const bool is_statistics =
      std::find(std::begin(k_statistics), std::end(k_statistics), sql) != std::end(k_statistics);
  return is_statistics ? SchemaKind::statistics : SchemaKind::table;
}

const char* kind_name(SchemaKind kind) {
  switch (kind) {
    case SchemaKind::statistics:
      return "statistics";
    case SchemaKind::view:
      return "view";
    case SchemaKind::index:
      return "index";
    case SchemaKind::trigger:
      return "trigger";
    case SchemaKind::table:
      break;
  }
  return "table";
}

/// Of our own words: "CREATE VIEW name AS".
std::string name_in(std::string_view sql) {
  const std::size_t begin = sql.find(' ', std::string_view("CREATE ").size()) + 1;
  return std::string(sql.substr(begin, sql.find_first_of(" (", begin) - begin));
}

/// Words and whether the database has them.
using Expected = std::map<std::string_view, bool>;

/// Statement by statement, of a file as the schema's test writes it.
Expected statements_of(std::string_view file) {
  Expected statements;
  constexpr std::string_view k_begin = "\nCREATE ";
  constexpr std::string_view k_end = ";\n";
  for (std::size_t at = file.find(k_begin); at != std::string_view::npos;
       at = file.find(k_begin, at)) {
    const std::size_t end = file.find(k_end, at);
    statements.emplace(file.substr(at + 1, end - at - 1), false);
    at = end;
  }
  return statements;
}

/// SQLite makes these itself, of a table's words.
bool is_automatic(const std::string& name) { return name.starts_with("sqlite_autoindex_"); }

SchemaDifferences differences(SQLite::Database& database, const char* schema, Expected expected) {
  SchemaDifferences found;
  SQLite::Statement select(database,
                           std::string("SELECT name, sql FROM ") + schema + ".sqlite_master");
  while (select.executeStep() && found.strange.size() < k_most_strangers) {
    const SQLite::Column sql = select.getColumn(1);
    const std::string_view words(sql.getText(""), static_cast<std::size_t>(sql.getBytes()));
    if (const auto ours = expected.find(words); ours != expected.end()) {
      ours->second = true;
      continue;
    }
    std::string name = column_bytes(select, 0);
    if (sql.isNull() && is_automatic(name)) continue;
    found.strange.push_back({kind_of(words), std::move(name), std::string(words)});
  }
  for (const auto& [words, is_there] : expected) {
    if (!is_there) found.missing.push_back({kind_of(words), name_in(words), std::string(words)});
  }
  return found;
}

/// Of a damaged one what can be read, from both ends.
std::set<std::string> words_of(SQLite::Database& database) {
  std::set<std::string> words;
  for (const char* order : {"", " DESC"}) {
    const auto read = guarded("", [&] {
      SQLite::Statement select(
          database,
          std::string("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid") +
              order);
      while (select.executeStep()) words.insert(column_bytes(select, 0));
    });
    if (read) break;
  }
  return words;
}

std::set<std::string> tables_and_indexes(Store store, std::int32_t layout) {
  const auto made = open_database(k_in_memory, DatabaseUse::make);
  make_tables(*made, store, layout);
  return words_of(*made);
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char byte : name) text.append(byte == '"' ? 2 : 1, byte);
  return text + "\"";
}

void drop(SQLite::Database& database, const SchemaObject& object) {
  const char* const what = object.kind == SchemaKind::statistics ? "table" : kind_name(object.kind);
  database.exec(std::string("DROP ") + what + " IF EXISTS " + quoted(object.name));
}

}  // namespace

bool SchemaDifferences::only_up_to(SchemaKind kind) const {
  const auto is_worse = [&](const SchemaObject& object) { return object.kind > kind; };
  return std::none_of(strange.begin(), strange.end(), is_worse) &&
         std::none_of(missing.begin(), missing.end(), is_worse);
}

std::string SchemaDifferences::text() const {
  const auto worst = [](const std::vector<SchemaObject>& objects) {
    return std::max_element(
        objects.begin(), objects.end(),
        [](const SchemaObject& left, const SchemaObject& right) { return left.kind < right.kind; });
  };
  const auto stranger = worst(strange);
  const auto lost = worst(missing);
  if (stranger == strange.end() && lost == missing.end()) return "";
  const bool is_lost =
      stranger == strange.end() || (lost != missing.end() && lost->kind > stranger->kind);
  const SchemaObject& object = is_lost ? *lost : *stranger;
  return std::string("the ") + kind_name(object.kind) + " " +
         escape_control(object.name.substr(0, k_longest_shown_name)) +
         (is_lost ? " is missing" : " isn't as this program makes it");
}

SchemaDifferences schema_differences(SQLite::Database& database, Store store, const char* schema) {
  return differences(
      database, schema,
      statements_of(store == Store::archive ? embedded_archive_schema : embedded_catalog_schema));
}

SchemaDifferences schema_differences(SQLite::Database& database, Store store, std::int32_t layout) {
  const std::set<std::string> words = tables_and_indexes(store, layout);
  Expected expected;
  for (const std::string& sql : words) expected.emplace(sql, false);
  return differences(database, "main", std::move(expected));
}

std::set<std::string> known_tables(SQLite::Database& database, Store store) {
  std::set<std::string> ours;
  for (std::int32_t layout = 1; layout <= layout_version(store); ++layout) {
    ours.merge(tables_and_indexes(store, layout));
  }
  std::set<std::string> names;
  for (const std::string& sql : words_of(database)) {
    const bool is_ours = kind_of(sql) == SchemaKind::table && ours.contains(sql);
    if (is_ours) names.insert(name_in(sql));
  }
  return names;
}

void remake_derived(SQLite::Database& database, Store store) {
  ImmediateTransaction transaction(database);
  const SchemaDifferences found = schema_differences(database, store);
  if (found.none()) return;
  for (const SchemaObject& object : found.strange) drop(database, object);
  for (const SchemaObject& object : found.missing) database.exec(object.sql);
  put_versions(database, store);
  transaction.commit();
}

bool is_sound_store(const std::string& path, Store store) {
  const auto found = guarded(path, [&] {
    const auto database = open_database(path, DatabaseUse::read);
    (void)read_header(*database, store);
    const bool has_our_tables =
        schema_differences(*database, store).only_up_to(SchemaKind::trigger);
    return has_our_tables && database->execAndGet("PRAGMA integrity_check(1)").getString() == "ok";
  });
  return found && *found;
}

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

// A store of a program that isn't written yet has fewer, too.
constexpr std::int32_t k_most_layouts = 1000;

/// What the settings of a store say, if they are there and make sense.
std::optional<std::int32_t> told_layout(SQLite::Database& database, Store store) {
  try {
    SQLite::Statement told(
        database,
        "SELECT value FROM setting WHERE key = 'layout_version' AND EXISTS "
        "(SELECT 1 FROM sqlite_master WHERE name = 'setting' AND type = 'table')");
    if (!told.executeStep()) return std::nullopt;
    const std::int64_t layout = told.getColumn(0).getInt64();
    if (layout < 1 || layout > layout_version(store)) return std::nullopt;
    return static_cast<std::int32_t>(layout);
  } catch (const SQLite::Exception&) {
    return std::nullopt;
  }
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
  const bool is_ours = found_id == application_id(store);
  if (is_ours && (header.layout_version < 1 || header.layout_version > k_most_layouts)) {
    const auto told = told_layout(database, store);
    header.is_damaged = told.has_value();
    header.layout_version = told.value_or(header.layout_version);
  }
  database.exec("RELEASE header");
  if (found_id == 0 && header.layout_version == 0 && !has_tables) return header;
  if (!is_ours) {
    header.state = StoreState::foreign;
  } else if (header.layout_version > layout_version(store)) {
    header.state = StoreState::newer;
  } else {
    header.state =
        header.layout_version < layout_version(store) ? StoreState::older : StoreState::current;
  }
  return header;
}

void mend_header(SQLite::Database& database, const StoreHeader& header) {
  if (header.is_damaged) set_pragma(database, "user_version", header.layout_version);
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
