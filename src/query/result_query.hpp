// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "base/time_text.hpp"
#include "query/filters.hpp"
#include "query/past.hpp"

namespace ktstr {

/// A question about `results`. Items of select, order_by and group_by are column names or
/// expressions; one text may hold several, with commas between. An expression may say label.KEY.
struct ResultQuery {
  std::optional<std::string> expression;  ///< which results, besides the filters
  Filters filters;
  std::vector<std::string> metrics;   ///< each becomes a column of its name
  std::optional<std::int64_t> phase;  ///< of the metrics; none: the whole run
  std::optional<std::string> cgroup;  ///< of the metrics; none: all
  std::vector<std::string> select;    ///< empty: default columns and the metrics
  /// Also "NAME desc" and "-NAME". Ties, and all without it, by run_dir, job and file_name in byte
  /// order; groups by their size, the largest first, then by their columns.
  std::vector<std::string> order_by;
  std::vector<std::string> group_by;  ///< one row a group: these, and `count`
  std::optional<std::int64_t> limit;
  bool count_only = false;  ///< one row, one column `count`; the limit doesn't matter
  std::int64_t timeout_ns = 60'000'000'000;  ///< 0: none
};

/// Whether it asks for labels: then the view `labels` has to be there (query/past.hpp).
[[nodiscard]] bool asks_for_labels(const ResultQuery& query);

/// The statement that a query becomes.
struct ResultSql {
  std::string sql;
  std::vector<Value> parameters;
  std::vector<RowColumn> columns;
};

/// The answer, row by row. `id` is whole; shortening it is the caller's. Error usage: what is wrong
/// with the query, with the place in the expression and near names; timeout from the rows, when
/// looking for them has taken too long. As long as the rows live, the connection can only read.
[[nodiscard]] Result<std::unique_ptr<RowSource>> run(SQLite::Database& database,
                                                     const ResultQuery& query, const Clock& clock);

/// What `run` would execute, checked in the same way.
[[nodiscard]] Result<ResultSql> result_sql(SQLite::Database& database, const ResultQuery& query);

/// A sentence for each metric of the query that the harness knows but no result has: its column is
/// all NULL. Not to be called while rows of the same connection live.
[[nodiscard]] std::vector<std::string> metric_notes(SQLite::Database& database,
                                                    const ResultQuery& query);

// What a ResultQuery consists of, before it becomes a statement.

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
