// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"
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

}  // namespace ktstr
