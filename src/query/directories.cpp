// SPDX-License-Identifier: MIT
#include "query/directories.hpp"

#include "catalog/connection.hpp"

namespace ktstr {

Result<std::vector<std::string>> known_directories(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(
        database,
        "SELECT run_dir || CASE job WHEN '' THEN '' ELSE '/' || job END\n"
        "FROM directory d WHERE run_dir <> '' AND (run_dir NOT GLOB '.*' OR "
        "EXISTS(SELECT 1 FROM directory o JOIN sidecar USING(directory_id) WHERE o.run_dir = "
        "d.run_dir))\n"
        "ORDER BY run_dir, job");
    std::vector<std::string> paths;
    while (statement.executeStep()) paths.push_back(column_bytes(statement, 0));
    return paths;
  });
}

}  // namespace ktstr
