// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/result_query.hpp"

namespace ktstr {

/// How SQLite answers a query.
struct QueryPlan {
  std::string statement;           ///< with the values in it: the stock sqlite3 shell takes it
  std::vector<std::string> steps;  ///< SQLite's own words, indented by two spaces a level
  std::string index;               ///< that finds the results; "" if every result is looked at
};

/// The statement of a query and what SQLite makes of it, without running it. Errors as result_sql.
[[nodiscard]] Result<QueryPlan> query_plan(SQLite::Database& database, const ResultQuery& query);

/// The statement with literals for its numbered parameters.
[[nodiscard]] std::string with_values(const std::string& sql, const std::vector<Value>& values);

// SQL that people look at and paste into the stock shell. Pure functions; thread-safe.

/// An expression for that text: a string, and char(N) for what can't be seen in one.
[[nodiscard]] std::string sql_literal(std::string_view text);

/// The same statement with nothing in it that can't be seen: its line breaks stay, strings become
/// the expressions above. Names, which have no such form, and comments show escapes.
[[nodiscard]] std::string shown_sql(const std::string& sql);

}  // namespace ktstr
