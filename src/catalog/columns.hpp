// SPDX-License-Identifier: MIT
#pragma once

// The one table of the columns of `results`. The view, `query --columns`, the default columns, the
// suggestions after a misspelt name and the completions are all made from it.

#include <span>
#include <string_view>

namespace ktstr {

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

}  // namespace ktstr
