// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "database/connection.hpp"

namespace ktstr::test {

/// What a statement gives, a line a row: values with a bar between them, NULL as "NULL", reals as
/// SQLite shows them.
inline std::vector<std::string> rows_text(SQLite::Database& database, const std::string& sql) {
  SQLite::Statement statement(database, sql);
  std::vector<std::string> rows;
  while (statement.executeStep()) {
    std::string row;
    for (int i = 0; i < statement.getColumnCount(); ++i) {
      if (i > 0) row += '|';
      row += statement.getColumn(i).isNull() ? "NULL" : column_bytes(statement, i);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

using Rows = std::vector<std::string>;

}  // namespace ktstr::test
