// SPDX-License-Identifier: MIT
#include "query/statement.hpp"

#include "query/expression.hpp"
#include "query/past.hpp"
#include "query/read_statement.hpp"

namespace ktstr {

Result<std::unique_ptr<RowSource>> run_statement(SQLite::Database& database, const std::string& sql,
                                                 std::int64_t timeout_ns, const Clock& clock) {
  auto guard = std::make_unique<ReadOnlyGuard>(database, timeout_ns, clock);
  auto statement = ReadStatement::prepare(*guard, sql);
  if (statement && statement->parameter_count() > 0) {
    statement = tl::unexpected<SqlProblem>({"parameters have no values here"});
  }
  if (!statement) {
    guard.reset();
    KnownNames known;
    known.columns = view_columns(database);
    known.views = view_names();
    if (is_past_attached(database)) {
      for (std::string& name : past_view_names()) known.views.push_back(std::move(name));
    }
    return fail(sql_error(statement.error(), sql, known));
  }
  std::vector<RowColumn> columns;
  for (std::string& name : statement->column_names()) columns.push_back({std::move(name)});
  return std::make_unique<StatementRows>(std::move(guard), std::move(*statement),
                                         std::move(columns));
}

}  // namespace ktstr
