// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The one table of the columns of `results`. The view, `query --columns`, the default columns, the
// suggestions after a misspelt name and the completions are all made from it.

namespace ktstr {

/// Of a file in directory d of a catalog: the token of the run directory, which is about what lies
/// directly in it.
inline constexpr const char* k_catalog_session = "CASE d.job WHEN '' THEN d.session END";

/// Results without a token that are no further apart are of one session.
inline constexpr std::int64_t k_session_gap_ns = 1'800'000'000'000;

enum class ColumnType { text, integer, real, boolean };
/// "text", "integer", "real", "boolean" (0 or 1).
[[nodiscard]] std::string_view column_type_name(ColumnType type);

struct ResultColumn {
  std::string_view name;
  ColumnType type;
  std::string_view unit;        ///< empty: none
  std::string_view expression;  ///< in terms of sidecar s, directory d, host h
  int priority;                 ///< which go first from a narrow table: the largest
  std::string_view meaning;
};

/// In the view's order. Lives as long as the program.
[[nodiscard]] std::span<const ResultColumn> result_columns();
/// nullptr if there is none of that name.
[[nodiscard]] const ResultColumn* find_result_column(std::string_view name);

/// How many values a row of `series` or `kvm_series` holds.
inline constexpr int k_series_width = 64;

struct ViewDefinition {
  std::string name;
  std::string sql;  ///< the whole CREATE VIEW statement
};

/// The two databases that have the views.
enum class Store { catalog, archive };

/// Every view of the interface, in an order in which they can be created. The archive has the
/// catalog's, with some columns more at the end of `results`, and some views of its own.
[[nodiscard]] std::vector<ViewDefinition> view_definitions(Store store);

// What the archive's views have beside the catalog's.

/// ",\n  expression AS name", …: what an observation adds to a result, for sidecar s and runs_root
/// r.
[[nodiscard]] std::string archive_result_columns();

/// observations, labels, documents, pins.
void append_archive_views(std::vector<ViewDefinition>& views);

}  // namespace ktstr
