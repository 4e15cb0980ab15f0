// SPDX-License-Identifier: MIT
#include "query/last_session.hpp"

#include "catalog/connection.hpp"

namespace ktstr {
namespace {

std::vector<std::string> read_names(SQLite::Statement& statement) {
  std::vector<std::string> names;
  while (statement.executeStep()) names.push_back(column_bytes(statement, 0));
  return names;
}

ResultScope read_whole_pool(SQLite::Database& database) {
  SQLite::Statement statement(database, "SELECT DISTINCT run_dir FROM pool ORDER BY run_dir");
  return {std::nullopt, read_names(statement), true};
}

}  // namespace

Result<ResultScope> last_session(SQLite::Database& database) {
  return guarded(database.getFilename(), [&]() -> ResultScope {
    SQLite::Statement newest(database,
                             "SELECT run_dir, session FROM run_dirs\n"
                             "WHERE tests + drift + corrupt + unreadable > 0\n"
                             "ORDER BY mtime_ns DESC NULLS LAST, run_dir DESC LIMIT 1");
    if (!newest.executeStep()) return read_whole_pool(database);
    if (newest.getColumn(1).isNull()) return {std::nullopt, {column_bytes(newest, 0)}};
    ResultScope scope;
    scope.session = column_bytes(newest, 1);
    SQLite::Statement carriers(database,
                               "SELECT run_dir FROM run_dirs WHERE session = ? ORDER BY run_dir");
    bind_value(carriers, 1, *scope.session);
    scope.run_dirs = read_names(carriers);
    return scope;
  });
}

Result<ResultScope> whole_pool(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] { return read_whole_pool(database); });
}

}  // namespace ktstr
