// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/result.hpp"
#include "query/sql_guard.hpp"
#include "query/statement.hpp"

namespace SQLite {
class Database;
}

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

/// Which results to look at. Empty lists and absent times filter nothing; values of one field are
/// alternatives, fields add up. Matching is exact and case-sensitive, and a result that doesn't
/// have the value never matches.
struct Filters {
  std::vector<std::string> kernels;  ///< versions; "6.14" is also every 6.14.x and 6.14-x
  std::vector<std::string> project_commits;
  std::vector<std::string> kernel_commits;
  std::vector<std::string> run_sources;
  std::vector<std::string> resolve_sources;
  std::vector<std::string> cpu_budgets;  ///< decimal text: "032" is not 32
  std::vector<std::string> schedulers;
  std::vector<std::string> topologies;
  std::vector<std::string> work_types;
  std::vector<std::string> tests;  ///< names as here or as nextest prints them, with * and ?
  std::vector<std::string> verdicts;
  std::vector<std::string> run_dirs;
  std::vector<std::string> sessions;  ///< tokens
  /// Sessions that are only inferred: results without a token, from the first of the times to the
  /// last. Alternatives to `sessions`.
  std::vector<std::pair<std::int64_t, std::int64_t>> inferred_sessions;
  std::vector<std::pair<std::string, std::string>> labels;  ///< key and value; all have to be there
  /// Since the epoch, both ends included; of the record, or of the file where the record has none.
  std::optional<std::int64_t> since_ns;
  std::optional<std::int64_t> until_ns;
  bool strict = false;  ///< only what keeps the record contract
};

/// Of the pool that the harness itself loads: what is of another schema is left out, too.
[[nodiscard]] Filters whole_pool_filters();

/// Values on their way into a statement: each gets a number, none gets into its text.
class Parameters {
 public:
  /// "?1", "?2", …
  std::string add(Value value);
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }

 private:
  std::vector<Value> values_;
};

/// A condition over the columns of `results`; "" if nothing is filtered. Error usage: a verdict
/// that there isn't.
[[nodiscard]] Result<std::string> filter_condition(const Filters& filters, Parameters& parameters);

/// Error usage: one that there isn't; the hint has the nearest.
[[nodiscard]] Result<void> check_verdicts(const std::vector<std::string>& verdicts);

/// Whether a condition over the columns of `results` holds for any. Throws SQLite::Exception.
[[nodiscard]] bool any_result(SQLite::Database& database, const std::string& condition,
                              const Parameters& parameters);

/// Without the values that hold a comma. Of "a,b" the whole is one alternative of three, and no
/// slip if only its parts occur.
[[nodiscard]] Filters without_lists(Filters filters);

/// For each value that by itself matches no result, a sentence with the nearest that would, or with
/// some of those there are. Nothing if there are no results at all.
[[nodiscard]] std::vector<std::string> suggestions(SQLite::Database& database,
                                                   const Filters& filters);

/// Two numbers and a dot: "6.14" stands for every kernel of the series.
[[nodiscard]] bool is_kernel_series(std::string_view value);

/// What an expression asks of the filters' columns by `column = 'text'`, for suggestions.
[[nodiscard]] Filters filters_of_expression(std::string_view expression);

/// The ways in which a test name may stand in a record, from how a person or nextest writes it:
/// NAME, ktstr/NAME, gauntlet/NAME/PRESET, each also behind a binary ("crate::bin ktstr/NAME"). As
/// given first. A preset is dropped: records don't have it.
[[nodiscard]] std::vector<std::string> test_name_forms(const std::string& written);

/// One field of Filters, by name of its column.
struct FilterField {
  const char* column;
  const char* word;  ///< for sentences
  std::vector<std::string> Filters::*values;
  /// The condition that one value makes.
  std::string (*condition)(const char* column, const std::string& value, Parameters& parameters);
};
[[nodiscard]] const std::vector<FilterField>& filter_fields();

}  // namespace ktstr
