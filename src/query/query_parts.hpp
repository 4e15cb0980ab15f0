// SPDX-License-Identifier: MIT
#pragma once

// What a ResultQuery consists of, before it becomes a statement.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "query/result_query.hpp"

namespace ktstr {

struct OrderItem {
  std::string text;  ///< a column's name or an expression
  bool descending = false;
};

struct QueryParts {
  std::vector<std::string> metrics;
  std::vector<std::string> select;
  std::vector<std::string> group_by;
  std::vector<OrderItem> order_by;
  std::string from_clause;  ///< filters and metrics included
  Parameters parameters;
  Over over = Over::now;  ///< what `results` means
};

/// Items as single ones, metrics checked, filters as SQL. Error usage: options that can't be
/// together, an unknown metric or verdict. Expressions are not looked at yet.
[[nodiscard]] Result<QueryParts> take_apart(SQLite::Database& database, const ResultQuery& query);

/// Whether `item` is the name of a column, a metric's included.
[[nodiscard]] bool is_column(const QueryParts& parts, std::string_view item);

/// The place of `item` among the columns of a grouped answer, from 1 on; 0: it isn't one.
[[nodiscard]] std::size_t group_position(const QueryParts& parts, std::string_view item);

}  // namespace ktstr
