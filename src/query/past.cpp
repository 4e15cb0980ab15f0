// SPDX-License-Identifier: MIT
#include "query/past.hpp"

#include <unistd.h>

#include <cerrno>
#include <set>

#include "archive/archive.hpp"
#include "base/file_system.hpp"
#include "database/connection.hpp"
#include "database/open_database.hpp"
#include "database/schema.hpp"
#include "query/shown_sql.hpp"
#include "query/sql_guard.hpp"

namespace ktstr {
namespace {

constexpr const char* k_mend_hint = "ktstr-index refresh puts it aside and saves what can be read";

void attach(SQLite::Database& database, const std::string& uri) {
  SQLite::Statement statement(database, "ATTACH ? AS past");
  statement.bind(1, uri);
  statement.exec();
}

void detach(SQLite::Database& database) { database.exec("DETACH past"); }

bool can_write_beside(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::access(directory.c_str(), W_OK) == 0;
}

/// Readers of a database in WAL mode want to make its shared memory; where that isn't there and
/// can't be made, nobody is writing, and without a log all of it is in its one file.
void attach_to_read(SQLite::Database& database, const std::string& path) {
  try {
    attach(database, database_uri(path, "?mode=ro"));
  } catch (const SQLite::Exception& exception) {
    const bool is_closed = sqlite_error(exception, path).code == ErrorCode::permission;
    if (!is_closed || can_write_beside(path) || has_log(path)) throw;
    attach(database, database_uri(path, "?immutable=1"));
  }
}

std::int32_t number(SQLite::Database& database, const char* sql) {
  return database.execAndGet(sql).getInt();
}

Result<void> check_header(SQLite::Database& database, const std::string& path) {
  const std::int32_t id = number(database, "PRAGMA past.application_id");
  const std::int32_t layout = number(database, "PRAGMA past.user_version");
  if (id != k_archive_application_id) {
    return fail(ErrorCode::corrupt, "not a ktstr-index archive", path, "name another --archive");
  }
  if (layout != layout_version(Store::archive)) return fail(other_layout(path, layout));
  return check_schema_to_read(database, path, "past");
}

Result<void> prepare(SQLite::Database& database, const std::string& path) {
  const bool is_empty = number(database, "SELECT count(*) FROM past.sqlite_master") == 0;
  auto checked = is_empty ? Result<void>() : check_header(database, path);
  if (is_empty || !checked) detach(database);
  // Somebody is making it just now, or was killed when he did.
  return is_empty ? attach_empty_past(database) : checked;
}

Error with_hint(Error error) {
  if (error.code == ErrorCode::corrupt && error.hint.empty()) error.hint = k_mend_hint;
  return error;
}

}  // namespace

Result<void> attach_past(SQLite::Database& database, const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return fail(os_error(errno, path));
  if (auto checked = check_archive_files(path); !checked) return checked;
  auto attached = guarded(path, [&]() -> Result<void> {
    attach_to_read(database, path);
    return prepare(database, path);
  });
  if (!attached) {
    if (is_past_attached(database)) {
      static_cast<void>(guarded(path, [&] { detach(database); }));
    }
    return fail(with_hint(std::move(attached.error())));
  }
  return attached;
}

Result<void> attach_empty_past(SQLite::Database& database) {
  return guarded(":memory:", [&] {
    const auto empty = open_database(k_in_memory, DatabaseUse::make);
    migrate(*empty, Store::archive);
    attach(database, k_in_memory);
    trust_schema(database);
    SQLite::Statement parts(*empty,
                            "SELECT type, sql FROM sqlite_master WHERE type IN ('table', 'view')");
    while (parts.executeStep()) {
      // "CREATE TABLE name…", as SQLite keeps it. The views have to find the tables beside them.
      const std::size_t name_at = std::string("CREATE  ").size() + column_bytes(parts, 0).size();
      database.exec(column_bytes(parts, 1).insert(name_at, "past."));
    }
  });
}

bool is_past_attached(SQLite::Database& database) { return has_schema(database, "past"); }

std::string past_path(SQLite::Database& database) { return schema_file(database, "past"); }

Error blame_past(SQLite::Database& database, Error error) {
  const std::string path = past_path(database);
  if (error.code != ErrorCode::corrupt || path.empty()) return error;
  // The connection may refuse pragmas just now.
  const auto state = guarded(path, [&] {
    const auto archive = open_database(database_uri(path, "?mode=ro"), DatabaseUse::read);
    return archive->execAndGet("PRAGMA quick_check(1)").getString();
  });
  const bool is_damaged = state ? *state != "ok" : state.error().code == ErrorCode::corrupt;
  if (is_damaged) {
    error.path = path;
    error.hint = k_mend_hint;
  }
  return error;
}

std::optional<PastScope> scope_of_root(SQLite::Database& database, const std::string& root) {
  SQLite::Statement select(database,
                           "SELECT project, root_id FROM past.runs_root WHERE path = ? AND "
                           "origin = '' ORDER BY last_seen_ns DESC, root_id DESC LIMIT 1");
  select.bind(1, root);
  if (!select.executeStep()) return std::nullopt;
  return PastScope{column_bytes(select, 0), select.getColumn(1).getInt64()};
}

Result<void> make_over_views(SQLite::Database& database, Over over, const PastScope& scope) {
  return guarded(database.getFilename(), [&] {
    std::vector<std::string> old;
    {
      SQLite::Statement select(database, "SELECT name FROM sqlite_temp_master WHERE type = 'view'");
      while (select.executeStep()) old.push_back(column_bytes(select, 0));
    }
    for (const std::string& name : old) database.exec("DROP VIEW temp." + name);
    for (const OverView& view : over_views(over, scope)) database.exec(view.sql);
  });
}

Over over_of(SQLite::Database& database) {
  if (!is_past_attached(database)) return Over::now;
  const auto over = guarded(database.getFilename(), [&] {
    SQLite::Statement select(database, "SELECT sql FROM sqlite_temp_master WHERE name = 'results'");
    if (!select.executeStep()) return Over::now;
    // Both have the archive's rows; only one has the catalog's as well.
    const bool has_now = column_bytes(select, 0).find("main.results") != std::string::npos;
    return has_now ? Over::all : Over::past;
  });
  return over.value_or(Over::now);
}

std::string past_preamble(SQLite::Database& database, const std::string& statement) {
  std::set<std::string> needed;
  if (const auto tokens = tokenize(statement)) {
    for (const TableReference& table : table_references(*tokens)) needed.insert(table.name);
  }
  if (needed.contains("pool")) needed.insert("results");
  const auto text = guarded(database.getFilename(), [&] {
    const std::string path = past_path(database);
    const std::string uri = path.empty() ? ":memory:" : database_uri(path, "?mode=ro");
    std::string lines = "ATTACH " + sql_literal(uri) + " AS past;\n";
    SQLite::Statement select(database,
                             "SELECT sql, name FROM sqlite_temp_master WHERE type = 'view'");
    while (select.executeStep()) {
      if (!needed.contains(column_bytes(select, 1))) continue;
      // SQLite stores it without the word.
      const std::string sql = column_bytes(select, 0);
      lines += "CREATE TEMP" + shown_sql(sql.substr(std::string("CREATE").size())) + ";\n";
    }
    return lines;
  });
  return text.value_or("");
}

bool names_past(std::string_view statement) {
  const auto tokens = tokenize(statement);
  if (!tokens) return false;
  for (std::size_t i = 0; i + 1 < tokens->size(); ++i) {
    const bool is_schema = (*tokens)[i].can_be_name() && (*tokens)[i + 1].is_symbol('.');
    if (is_schema && token_name((*tokens)[i]) == "past") return true;
  }
  for (const TableReference& table : table_references(*tokens)) {
    const bool is_past_view = table.name == "observations" || table.name == "labels";
    if (is_past_view && !table.is_cte) return true;
  }
  return false;
}

}  // namespace ktstr
