// SPDX-License-Identifier: MIT
#include "query/query_parts.hpp"

#include <algorithm>

#include "catalog/columns.hpp"
#include "query/labels.hpp"
#include "query/metric_columns.hpp"
#include "query/tokens.hpp"

namespace ktstr {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> split_all(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (const std::string& text : texts) {
    for (std::string& item : split_items(text)) items.push_back(std::move(item));
  }
  return items;
}

/// "*" becomes every column.
std::vector<std::string> selected(const QueryParts& parts, const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (std::string& item : split_all(texts)) {
    if (item != "*") {
      items.push_back(std::move(item));
      continue;
    }
    for (const ResultColumn& column : result_columns()) {
      if (!contains(parts.metrics, column.name)) items.emplace_back(column.name);
    }
    items.insert(items.end(), parts.metrics.begin(), parts.metrics.end());
  }
  return items;
}

/// Takes " asc" or " desc" off the end of an item, or a minus off the start of a name.
OrderItem order_item(const QueryParts& parts, std::string item) {
  if (item.size() > 1 && item.front() == '-') {
    const std::string name = item.substr(1);
    const bool group = name == "count" && !parts.group_by.empty();
    if (group || is_column(parts, name) || is_label(name)) return {name, true};
  }
  const auto tokens = tokenize(item);
  if (!tokens || tokens->size() < 2) return {std::move(item)};
  const Token& last = tokens->back();
  const bool descending = last.is_keyword("desc");
  if (!descending && !last.is_keyword("asc")) return {std::move(item)};
  const Token& before = (*tokens)[tokens->size() - 2];
  item.resize(before.offset + before.text.size());
  return {std::move(item), descending};
}

Result<void> check_options(const ResultQuery& query) {
  if (query.limit && *query.limit < 0) return fail(ErrorCode::usage, "the limit is negative");
  if (query.timeout_ns < 0) return fail(ErrorCode::usage, "the timeout is negative");
  if (!query.select.empty() && !query.group_by.empty()) {
    return fail(ErrorCode::usage, "--select and --group-by exclude each other", "",
                "a group has its columns and count");
  }
  if ((query.phase || query.cgroup) && query.metrics.empty()) {
    return fail(ErrorCode::usage, "--phase and --cgroup say where metrics are taken from", "",
                "name one with --metric");
  }
  return {};
}

}  // namespace

bool is_column(const QueryParts& parts, std::string_view item) {
  return find_result_column(item) != nullptr || contains(parts.metrics, item);
}

Result<QueryParts> take_apart(SQLite::Database& database, const ResultQuery& query) {
  if (auto checked = check_options(query); !checked) return fail(checked.error());
  QueryParts parts;
  parts.over = over_of(database);
  auto metrics = metric_columns(database, query);
  if (!metrics) return fail(metrics.error());
  parts.metrics = std::move(*metrics);
  parts.select = selected(parts, query.select);
  parts.group_by = split_all(query.group_by);
  for (std::string& item : split_all(query.order_by)) {
    parts.order_by.push_back(order_item(parts, std::move(item)));
  }
  const auto condition = filter_condition(query.filters, parts.parameters);
  if (!condition) return fail(condition.error());
  parts.from_clause = results_with_metrics(query, parts, *condition);
  return parts;
}

std::size_t group_position(const QueryParts& parts, std::string_view item) {
  if (parts.group_by.empty()) return 0;
  const auto found = std::find(parts.group_by.begin(), parts.group_by.end(), item);
  if (found != parts.group_by.end()) {
    return static_cast<std::size_t>(found - parts.group_by.begin()) + 1;
  }
  return item == "count" ? parts.group_by.size() + 1 : 0;
}

}  // namespace ktstr
