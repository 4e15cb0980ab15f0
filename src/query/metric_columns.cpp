// SPDX-License-Identifier: MIT
#include "query/metric_columns.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "database/connection.hpp"
#include "database/views.hpp"
#include "query/filters.hpp"
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

/// Those of the view; a metric takes the place of a column of its name. Those that only the past
/// has stay out then.
std::string columns_beside(const std::vector<std::string>& metrics) {
  if (std::none_of(metrics.begin(), metrics.end(), is_column)) return "r.*";
  std::string list;
  for (const ResultColumn& column : result_columns()) {
    if (contains(metrics, column.name)) continue;
    list.append(list.empty() ? "r." : ", r.").append(column.name);
  }
  return list;
}

/// Of result `id`. In the view over now and past nothing would find the archive's rows by their
/// negative numbers but a look at all.
std::string metric_of(const std::string& id, Over over, const std::string& condition) {
  const auto value = [&](const std::string& view, const std::string& number) {
    return "(SELECT m.value FROM " + view + " m WHERE m.sidecar_id = " + number + condition +
           " LIMIT 1)";
  };
  if (over != Over::all) return value("metrics", id);
  return "CASE WHEN " + id + " > 0 THEN " + value("main.metrics", id) + "\n  ELSE " +
         value("past.metrics", "-" + id) + " END";
}

}  // namespace

Result<bool> catalog_has_metric(SQLite::Database& database, const std::string& metric) {
  return guarded(database.getFilename(), [&]() -> Result<bool> {
    // The names of KVM statistics stand in the same table.
    const auto has = [&](const std::string& schema) {
      SQLite::Statement statement(
          database, "SELECT EXISTS(SELECT 1 FROM " + schema +
                        ".shape_metric m WHERE m.metric = ? AND\n  EXISTS(SELECT 1 FROM " + schema +
                        ".series v WHERE v.shape_id = m.shape_id))");
      statement.bind(1, metric);
      return statement.executeStep() && statement.getColumn(0).getInt() != 0;
    };
    const Over over = over_of(database);
    return (over != Over::past && has("main")) || (over != Over::now && has("past"));
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

std::string results_with_metrics(const ResultQuery& query, QueryParts& parts,
                                 const std::string& condition) {
  const std::vector<std::string>& metrics = parts.metrics;
  Parameters& parameters = parts.parameters;
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
    sql += ",\n  " +
           metric_of("r.sidecar_id", parts.over,
                     " AND m.metric = " + parameters.add(metric) + series) +
           " AS " + quote_name(metric);
  }
  sql += "\nFROM results r";
  if (!condition.empty()) sql += "\nWHERE " + condition;
  return sql + ") AS results";
}

}  // namespace ktstr
