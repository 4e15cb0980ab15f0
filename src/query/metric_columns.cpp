// SPDX-License-Identifier: MIT
#include "query/metric_columns.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "catalog/columns.hpp"
#include "catalog/connection.hpp"
#include "query/expression.hpp"
#include "record/metric_registry.hpp"

namespace ktstr {
namespace {

/// Column names compare without case, metric names with it.
bool is_column(const std::string& name) {
  const auto columns = result_columns();
  return std::any_of(columns.begin(), columns.end(),
                     [&](const ResultColumn& column) { return column.name == lower_ascii(name); });
}

Error unknown_metric(SQLite::Database& database, const std::string& name) {
  Error error{ErrorCode::usage, "there is no metric '" + name + "'"};
  const auto near = near_names(name, known_names(database).metrics, 3);
  if (!near.empty()) error.hint = "did you mean " + any_of_text(near) + "?";
  return error;
}

Result<void> check_metric(SQLite::Database& database, const std::string& name) {
  const bool registered = find_metric(name) != nullptr;
  if (!registered) {
    const auto present = catalog_has_metric(database, name);
    if (!present) return fail(present.error());
    if (!*present) return fail(unknown_metric(database, name));
  }
  // A registered one is the same quantity as the column.
  if (is_column(name) && !registered) {
    return fail(ErrorCode::usage, "the metric '" + name + "' has the name of a column", "",
                "ask the view metrics for it, with sql");
  }
  return {};
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Those of the view; a metric takes the place of a column of its name.
std::string columns_beside(const std::vector<std::string>& metrics) {
  if (std::none_of(metrics.begin(), metrics.end(), is_column)) return "r.*";
  std::string list;
  for (const ResultColumn& column : result_columns()) {
    if (contains(metrics, column.name)) continue;
    list.append(list.empty() ? "r." : ", r.").append(column.name);
  }
  return list;
}

}  // namespace

Result<bool> catalog_has_metric(SQLite::Database& database, const std::string& metric) {
  return guarded(database.getFilename(), [&]() -> Result<bool> {
    // The names of KVM statistics stand in the same table.
    SQLite::Statement statement(
        database,
        "SELECT EXISTS(SELECT 1 FROM shape_metric m WHERE m.metric = ? AND\n"
        "  EXISTS(SELECT 1 FROM series v WHERE v.shape_id = m.shape_id))");
    statement.bind(1, metric);
    return statement.executeStep() && statement.getColumn(0).getInt() != 0;
  });
}

Result<std::vector<std::string>> metric_columns(SQLite::Database& database,
                                                const ResultQuery& query) {
  std::vector<std::string> metrics;
  std::vector<std::string> lower;
  for (const std::string& name : query.metrics) {
    if (contains(metrics, name)) continue;
    if (auto checked = check_metric(database, name); !checked) return fail(checked.error());
    if (contains(lower, lower_ascii(name))) {
      return fail(ErrorCode::usage, "two metrics whose names differ in case only: '" + name + "'");
    }
    metrics.push_back(name);
    lower.push_back(lower_ascii(name));
  }
  return metrics;
}

std::string results_with_metrics(const ResultQuery& query, const std::vector<std::string>& metrics,
                                 const std::string& condition, Parameters& parameters) {
  if (metrics.empty() && condition.empty()) return "FROM results";
  std::string sql = "FROM (SELECT " + columns_beside(metrics);
  std::string series;
  if (!metrics.empty()) {
    const Value phase = query.phase ? Value(*query.phase) : Value();
    const Value cgroup = query.cgroup ? Value(*query.cgroup) : Value();
    series =
        " AND m.phase IS " + parameters.add(phase) + " AND m.cgroup IS " + parameters.add(cgroup);
  }
  for (const std::string& metric : metrics) {
    sql += ",\n  (SELECT m.value FROM metrics m WHERE m.sidecar_id = r.sidecar_id AND m.metric = " +
           parameters.add(metric) + series + " LIMIT 1) AS " + quote_name(metric);
  }
  sql += "\nFROM results r";
  if (!condition.empty()) sql += "\nWHERE " + condition;
  return sql + ") AS results";
}

}  // namespace ktstr
