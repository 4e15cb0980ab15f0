// SPDX-License-Identifier: MIT
#include "query/result_query.hpp"

#include <algorithm>
#include <optional>

#include "database/views.hpp"
#include "query/filters.hpp"
#include "query/metric_columns.hpp"
#include "query/sessions.hpp"
#include "query/statement.hpp"
#include "query/tokens.hpp"
#include "record/metric_registry.hpp"

namespace ktstr {
namespace {

// Most of a result's identity in 80 columns; a narrow table drops from them by priority.
constexpr std::string_view k_default_columns[] = {"id",        "verdict",  "test_name",
                                                  "scheduler", "topology", "kernel_version"};
constexpr const char* k_tie_order = "\"run_dir\", \"job\", \"file_name\"";
// The past has several results of one name.
constexpr const char* k_past_tie_order = ", \"time_ns\", \"id\"";

class SqlBuilder {
 public:
  SqlBuilder(const ResultQuery& query, QueryParts& parts) : query_(query), parts_(parts) {}

  void build() {
    if (query_.count_only) {
      build_count();
    } else if (!parts_.group_by.empty()) {
      build_groups();
    } else {
      build_rows();
    }
  }

  [[nodiscard]] const SqlText& text() const { return text_; }
  [[nodiscard]] std::vector<RowColumn> take_columns() { return std::move(columns_); }

 private:
  void build_rows() {
    text_.add("SELECT ");
    if (parts_.select.empty()) {
      for (const std::string_view name : k_default_columns) add_column(std::string(name));
      for (const std::string& metric : parts_.metrics) {
        add_column(metric);
        columns_.back().priority = 0;  // somebody has asked for it
      }
    }
    for (const std::string& item : parts_.select) add_column(item);
    add_from();
    text_.add("\nORDER BY ");
    for (const OrderItem& item : parts_.order_by) {
      add_item(item.text);
      text_.add(item.descending ? " DESC, " : ", ");
    }
    text_.add(k_tie_order);
    if (parts_.over != Over::now) text_.add(k_past_tie_order);
    add_limit();
  }

  void build_groups() {
    text_.add("SELECT ");
    for (const std::string& item : parts_.group_by) add_column(item);
    text_.add(", count(*)");
    columns_.push_back({"count"});
    add_from();
    add_group_clause();
    text_.add("\nORDER BY ");
    for (const OrderItem& item : parts_.order_by) {
      if (const std::size_t position = group_position(parts_, item.text); position > 0) {
        text_.add(std::to_string(position));
      } else {
        add_item(item.text);
      }
      text_.add(item.descending ? " DESC, " : ", ");
    }
    if (parts_.order_by.empty()) text_.add(std::to_string(columns_.size()) + " DESC, ");
    add_group_numbers();
    add_limit();
  }

  void build_count() {
    columns_.push_back({"count"});
    if (parts_.group_by.empty()) {
      text_.add("SELECT count(*)");
      return add_from();
    }
    text_.add("SELECT count(*) FROM (SELECT ");
    for (std::size_t i = 0; i < parts_.group_by.size(); ++i) {
      text_.add(i == 0 ? "" : ", ");
      add_item(parts_.group_by[i]);
    }
    add_from();
    add_group_clause();
    text_.add(")");
  }

  void add_column(const std::string& item) {
    text_.add(columns_.empty() ? "" : ", ");
    add_item(item);
    const ResultColumn* column = find_result_column(item);
    columns_.push_back({item, column == nullptr ? 1 : column->priority});
    columns_.back().quantity = quantity_of(item, column);
  }

  /// Of a column or a metric; what an expression counts nobody knows.
  [[nodiscard]] static Quantity quantity_of(const std::string& item, const ResultColumn* column) {
    if (column == nullptr) {
      const MetricDefinition* metric = find_metric(item);
      return metric != nullptr && metric->unit == "ns" ? Quantity::duration_ns : Quantity::plain;
    }
    if (column->unit == "bytes") return Quantity::bytes;
    return column->unit == "ns" ? Quantity::time_ns : Quantity::plain;
  }

  /// A name as a name, anything else as an expression.
  void add_item(const std::string& item) {
    if (is_column(parts_, item)) {
      text_.add(quote_name(item));
    } else {
      text_.add_expression(with_labels(item).text);
    }
  }

  void add_from() {
    text_.add("\n").add(parts_.from_clause);
    if (query_.expression)
      text_.add("\nWHERE ").add_expression(with_labels(*query_.expression).text);
  }

  // By number: a constant among the expressions would be taken for one.
  void add_group_clause() {
    text_.add("\nGROUP BY ");
    add_group_numbers();
  }

  void add_group_numbers() {
    for (std::size_t i = 1; i <= parts_.group_by.size(); ++i) {
      text_.add(i == 1 ? "" : ", ").add(std::to_string(i));
    }
  }

  void add_limit() {
    if (query_.limit) text_.add("\nLIMIT " + parts_.parameters.add(*query_.limit));
  }

  const ResultQuery& query_;
  QueryParts& parts_;
  SqlText text_;
  std::vector<RowColumn> columns_;
};

struct Wrong {
  SqlProblem problem;
  std::string text;
};

/// The first piece that isn't an expression.
std::optional<Wrong> first_wrong(ReadOnlyGuard& guard, const ResultQuery& query,
                                 const QueryParts& parts) {
  std::vector<std::string> pieces;
  if (query.expression) pieces.push_back(*query.expression);
  for (const auto* items : {&parts.select, &parts.group_by}) {
    for (const std::string& item : *items) {
      if (!is_column(parts, item)) pieces.push_back(item);
    }
  }
  for (const OrderItem& item : parts.order_by) {
    if (group_position(parts, item.text) > 0) continue;
    if (!is_column(parts, item.text)) {
      pieces.push_back(item.text);
    } else if (!parts.group_by.empty()) {
      return Wrong{{"groups have no order by " + item.text,
                    {},
                    "by the columns of --group-by or count they have"},
                   item.text};
    }
  }
  for (const std::string& piece : pieces) {
    const LabelledText labelled = with_labels(piece);
    auto problem = expression_problem(guard, labelled.text, parts.from_clause);
    if (!problem) continue;
    if (problem->offset) problem->offset = labelled.original_offset(*problem->offset);
    return Wrong{std::move(*problem), piece};
  }
  return std::nullopt;
}

KnownNames names_for(SQLite::Database& database, const QueryParts& parts) {
  KnownNames known = known_names(database);
  known.columns.insert(known.columns.end(), parts.metrics.begin(), parts.metrics.end());
  return known;
}

struct Prepared {
  std::unique_ptr<ReadOnlyGuard> guard;
  ReadStatement statement;
  ResultSql sql;
};

Result<Prepared> prepare(SQLite::Database& database, const ResultQuery& query, const Clock& clock) {
  auto parts = take_apart(database, query);
  if (!parts) return fail(parts.error());
  auto guard = std::make_unique<ReadOnlyGuard>(database, query.timeout_ns, clock);
  if (const auto wrong = first_wrong(*guard, query, *parts)) {
    guard.reset();
    return fail(sql_error(wrong->problem, wrong->text, names_for(database, *parts)));
  }
  SqlBuilder builder(query, *parts);
  builder.build();
  // What is an expression may still be out of place, as an aggregate in a condition is.
  auto statement = ReadStatement::prepare(*guard, builder.text().text());
  if (!statement) {
    guard.reset();
    return fail(builder.text().error(statement.error(), names_for(database, *parts)));
  }
  ResultSql sql{builder.text().text(), parts->parameters.values(), builder.take_columns()};
  return Prepared{std::move(guard), std::move(*statement), std::move(sql)};
}

}  // namespace

bool asks_for_labels(const ResultQuery& query) {
  if (!query.filters.labels.empty()) return true;
  if (query.expression && names_label(*query.expression)) return true;
  for (const auto* texts : {&query.select, &query.order_by, &query.group_by}) {
    for (const std::string& text : *texts) {
      if (names_label(text)) return true;
    }
  }
  return false;
}

Result<ResultSql> result_sql(SQLite::Database& database, const ResultQuery& query) {
  ResultQuery untimed = query;
  untimed.timeout_ns = 0;
  auto prepared = prepare(database, untimed, system_clock());
  if (!prepared) return fail(prepared.error());
  return std::move(prepared->sql);
}

Result<std::unique_ptr<RowSource>> run(SQLite::Database& database, const ResultQuery& query,
                                       const Clock& clock) {
  auto prepared = prepare(database, query, clock);
  if (!prepared) return fail(prepared.error());
  int index = 0;
  for (const Value& value : prepared->sql.parameters) prepared->statement.bind(++index, value);
  return std::make_unique<StatementRows>(std::move(prepared->guard), std::move(prepared->statement),
                                         std::move(prepared->sql.columns));
}

std::vector<std::string> metric_notes(SQLite::Database& database, const ResultQuery& query) {
  std::vector<std::string> notes;
  for (const std::string& metric : query.metrics) {
    const auto present = catalog_has_metric(database, metric);
    if (present && !*present) notes.push_back("no result has the metric " + metric);
  }
  return notes;
}

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
