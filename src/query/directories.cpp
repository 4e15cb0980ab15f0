// SPDX-License-Identifier: MIT
#include "query/directories.hpp"

#include "catalog/connection.hpp"

namespace ktstr {

Result<std::vector<std::string>> known_directories(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database,
                                "SELECT run_dir || CASE job WHEN '' THEN '' ELSE '/' || job END\n"
                                "FROM directory WHERE run_dir <> '' ORDER BY run_dir, job");
    std::vector<std::string> paths;
    while (statement.executeStep()) paths.push_back(column_bytes(statement, 0));
    return paths;
  });
}

}  // namespace ktstr
