// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"
#include "query/read_only.hpp"
#include "query/sql_problem.hpp"

namespace ktstr {

/// Whether `expression` is exactly one SQL expression over what `from_clause` ("FROM …") gives, and
/// only reads. It is looked at as text first and then prepared as `SELECT (expression) FROM …`, so
/// that nothing which leaves its parentheses gets as far as the query. Error usage: SQLite's
/// message, with the place in the expression and near names. Not to be called under a guard.
[[nodiscard]] Result<void> check_expression(SQLite::Database& database, std::string_view expression,
                                            std::string_view from_clause);

/// The same under a guard that is there already; the offset is in `expression`.
[[nodiscard]] std::optional<SqlProblem> expression_problem(ReadOnlyGuard& guard,
                                                           std::string_view expression,
                                                           std::string_view from_clause);

/// Every name that a hint may propose. Reads tables, so not under a guard.
[[nodiscard]] KnownNames known_names(SQLite::Database& database);
/// The columns of all views.
[[nodiscard]] std::vector<std::string> view_columns(SQLite::Database& database);

}  // namespace ktstr
