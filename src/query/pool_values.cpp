// SPDX-License-Identifier: MIT
#include "query/pool_values.hpp"

#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "catalog/connection.hpp"
#include "query/past.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_dimensions = 9;
constexpr const char* k_names[k_dimensions] = {"kernel",    "commit",         "kernel_commit",
                                               "source",    "resolve_source", "cpu_budget",
                                               "scheduler", "topology",       "work_type"};
constexpr std::size_t k_source = 3;
constexpr std::size_t k_cpu_budget = 5;

// One pass over the rows for all nine: they are wide, and reading them costs more than counting.
constexpr const char* k_columns =
    "SELECT kernel_version, project_commit, kernel_commit, run_source, resolve_source,\n"
    "  cpu_budget, scheduler, topology, work_type\n";
constexpr const char* k_from_now = "FROM main.sidecar WHERE status = 'ok'";
constexpr const char* k_from_past = "FROM pool";

using TextCounts = std::map<std::string, std::int64_t, std::less<>>;

struct Counts {
  std::int64_t nulls = 0;
  TextCounts texts;
  std::map<std::int64_t, std::int64_t> numbers;

  void add_text(std::string_view text) {
    const auto found = texts.find(text);
    if (found == texts.end()) {
      texts.emplace(text, 1);
    } else {
      ++found->second;
    }
  }

  void add(const SQLite::Column& column) {
    if (column.isNull()) {
      ++nulls;
    } else if (column.isInteger()) {
      ++numbers[column.getInt64()];
    } else {
      add_text({column.getText(), static_cast<std::size_t>(column.getBytes())});
    }
  }

  [[nodiscard]] std::vector<PoolValue> values() const {
    std::vector<PoolValue> values;
    if (nulls > 0) values.push_back({{}, nulls});
    for (const auto& [number, results] : numbers) values.push_back({number, results});
    for (const auto& [text, results] : texts) values.push_back({text, results});
    return values;
  }
};

}  // namespace

PoolValues no_pool_values() {
  PoolValues values;
  for (const char* name : k_names) values.dimensions.push_back({name});
  return values;
}

Result<PoolValues> pool_values(SQLite::Database& database, bool is_archive) {
  return guarded(database.getFilename(), [&] {
    PoolValues found = no_pool_values();
    Counts counts[k_dimensions];
    const char* from = over_of(database) == Over::now ? k_from_now : k_from_past;
    SQLite::Statement statement(database, std::string(k_columns) + from);
    while (statement.executeStep()) {
      ++found.results;
      for (std::size_t i = 0; i < k_dimensions; ++i) {
        if (i == k_source && is_archive) continue;
        counts[i].add(statement.getColumn(static_cast<int>(i)));
      }
    }
    counts[k_cpu_budget].nulls = 0;
    if (is_archive && found.results > 0) counts[k_source].texts["archive"] = found.results;
    for (std::size_t i = 0; i < k_dimensions; ++i) found.dimensions[i].values = counts[i].values();
    return found;
  });
}

}  // namespace ktstr
