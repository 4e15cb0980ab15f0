// SPDX-License-Identifier: MIT
#include "catalog/schema_check.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/visible_text.hpp"
#include "catalog/open_database.hpp"
#include "catalog/schema.hpp"

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

}  // namespace ktstr
