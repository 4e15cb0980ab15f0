// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/filters.hpp"
#include "query/result_query.hpp"

namespace ktstr {

/// The metrics of a query, each once. Error usage: one that neither the harness nor the catalog
/// knows, or whose name already means another column.
[[nodiscard]] Result<std::vector<std::string>> metric_columns(SQLite::Database& database,
                                                              const ResultQuery& query);

/// Whether any series of the catalog has the metric.
[[nodiscard]] Result<bool> catalog_has_metric(SQLite::Database& database,
                                              const std::string& metric);

/// "FROM (…) AS results": the columns of the view, those that `condition` (may be "") lets through,
/// and a column for each of the parts' metrics. A metric that is a column of results too takes its
/// place.
[[nodiscard]] std::string results_with_metrics(const ResultQuery& query, QueryParts& parts,
                                               const std::string& condition);

}  // namespace ktstr
