// SPDX-License-Identifier: MIT
#include "query/filters.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/time_text.hpp"
#include "database/connection.hpp"
#include "database/views.hpp"
#include "query/statement.hpp"
#include "query/tokens.hpp"
#include "record/metric_registry.hpp"

namespace ktstr {
namespace {

/// What can be said without SQLite: that the text stays within the parentheses around it.
std::optional<SqlProblem> text_problem(const std::vector<Token>& tokens) {
  if (tokens.empty()) return SqlProblem{"the expression is empty"};
  for (const char* keyword : {"select", "with", "values"}) {
    if (!tokens.front().is_keyword(keyword)) continue;
    return SqlProblem{"a statement where an expression should be", tokens.front().offset,
                      "put a query in parentheses: (SELECT ...)"};
  }
  std::vector<std::size_t> open;
  for (const Token& token : tokens) {
    if (token.is_symbol(';')) return SqlProblem{"only one expression is allowed", token.offset};
    if (token.kind == Token::Kind::parameter) {
      return SqlProblem{"parameters have no values here", token.offset};
    }
    if (token.is_symbol('(')) open.push_back(token.offset);
    if (!token.is_symbol(')')) continue;
    if (open.empty()) return SqlProblem{"a parenthesis that nothing opened", token.offset};
    open.pop_back();
  }
  if (!open.empty()) return SqlProblem{"a parenthesis that nothing closes", open.back()};
  return std::nullopt;
}

std::vector<std::string> first_column(SQLite::Database& database, const std::string& sql) {
  std::vector<std::string> values;
  // Hints only: without them the error is still told.
  static_cast<void>(guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database, sql);
    while (statement.executeStep()) values.push_back(column_bytes(statement, 0));
  }));
  return values;
}

}  // namespace

KnownNames known_names(SQLite::Database& database) {
  KnownNames known;
  for (const ResultColumn& column : result_columns()) known.columns.emplace_back(column.name);
  for (const MetricDefinition& metric : metric_registry()) known.metrics.emplace_back(metric.name);
  for (std::string& name : first_column(database, "SELECT DISTINCT metric FROM shape_metric")) {
    known.metrics.push_back(std::move(name));
  }
  known.views = view_names();
  return known;
}

std::vector<std::string> view_columns(SQLite::Database& database) {
  std::vector<std::string> columns;
  for (const std::string& view : view_names()) {
    for (std::string& name :
         first_column(database, "SELECT name FROM pragma_table_info('" + view + "')")) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
        columns.push_back(std::move(name));
      }
    }
  }
  return columns;
}

std::optional<SqlProblem> expression_problem(ReadOnlyGuard& guard, std::string_view expression,
                                             std::string_view from_clause) {
  const auto tokens = tokenize(expression);
  if (!tokens) return tokens.error();
  if (auto problem = text_problem(*tokens)) return problem;
  const std::string start = "SELECT (\n";
  std::string sql = start;
  sql.append(expression).append("\n) ").append(from_clause);
  const auto statement = ReadStatement::prepare(guard, sql);
  if (!statement) {
    SqlProblem problem = statement.error();
    if (problem.offset) {
      const std::size_t end = start.size() + expression.size();
      if (*problem.offset >= end) problem.message = "the expression ends too early";
      problem.offset = std::clamp(*problem.offset, start.size(), end) - start.size();
    }
    return problem;
  }
  if (statement->column_names().size() != 1) return SqlProblem{"only one expression is allowed"};
  return std::nullopt;
}

Result<void> check_expression(SQLite::Database& database, std::string_view expression,
                              std::string_view from_clause) {
  std::optional<SqlProblem> problem;
  {
    ReadOnlyGuard guard(database, 0, system_clock());
    problem = expression_problem(guard, expression, from_clause);
  }
  if (!problem) return {};
  return fail(sql_error(*problem, expression, known_names(database)));
}

namespace {

const std::vector<std::string>& verdict_words() {
  static const std::vector<std::string> words = {"pass", "fail", "skip", "inconclusive"};
  return words;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char byte) { return byte >= '0' && byte <= '9'; });
}

std::string exact(const char* column, const std::string& value, Parameters& parameters) {
  return std::string(column) + " = " + parameters.add(value);
}

std::string kernel(const char* column, const std::string& value, Parameters& parameters) {
  const std::string name = column;
  if (!is_kernel_series(value)) return exact(column, value, parameters);
  // GLOB heeds case, and a series has none of its special bytes.
  return exact(column, value, parameters) + " OR " + name + " GLOB " +
         parameters.add(value + ".*") + " OR " + name + " GLOB " + parameters.add(value + "-*");
}

std::string decimal(const char* column, const std::string& value, Parameters& parameters) {
  return "CAST(" + std::string(column) + " AS TEXT) = " + parameters.add(value);
}

std::string run_dir(const char* column, const std::string& value, Parameters& parameters) {
  // A shell completes a directory with a slash.
  const bool slash = value.size() > 1 && value.back() == '/';
  return exact(column, slash ? value.substr(0, value.size() - 1) : value, parameters);
}

/// For GLOB: * and ? as they are, a bracket as itself.
std::string glob_pattern(const std::string& text) {
  std::string pattern;
  for (const char byte : text) pattern += byte == '[' ? std::string("[[]") : std::string(1, byte);
  return pattern;
}

std::string test_name(const char* column, const std::string& value, Parameters& parameters) {
  std::string condition;
  for (const std::string& form : test_name_forms(value)) {
    if (!condition.empty()) condition += " OR ";
    const bool glob = form.find_first_of("*?") != std::string::npos;
    condition += glob ? std::string(column) + " GLOB " + parameters.add(glob_pattern(form))
                      : exact(column, form, parameters);
  }
  return condition;
}

/// Where `part` begins in `text`, at its start or behind what can end the name of a binary.
std::size_t find_at_boundary(std::string_view text, std::string_view part) {
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    if (at == 0 || text[at - 1] == ' ' || text[at - 1] == ':' || text[at - 1] == '$') return at;
  }
  return std::string_view::npos;
}

void add_condition(std::string& all, const std::string& condition) {
  all += (all.empty() ? "(" : " AND (") + condition + ")";
}

void add_form(std::vector<std::string>& forms, std::string_view form) {
  if (form.empty() || std::find(forms.begin(), forms.end(), form) != forms.end()) return;
  forms.emplace_back(form);
}

/// Those without a token in the times of sessions that are only inferred.
std::string inferred_condition(const Filters& filters, Parameters& parameters) {
  std::string any;
  for (const auto& [first_ns, last_ns] : filters.inferred_sessions) {
    any.append(any.empty() ? "" : " OR ")
        .append("session IS NULL AND time_ns BETWEEN ")
        .append(parameters.add(first_ns))
        .append(" AND ")
        .append(parameters.add(last_ns));
  }
  return any;
}

}  // namespace

Result<void> check_verdicts(const std::vector<std::string>& verdicts) {
  for (const std::string& verdict : verdicts) {
    const auto& words = verdict_words();
    if (std::find(words.begin(), words.end(), verdict) != words.end()) continue;
    const auto near = closest(verdict, words);
    return fail(ErrorCode::usage, "there is no verdict '" + verdict + "'", "",
                near ? "did you mean " + *near + "? There are pass, fail, skip and inconclusive"
                     : "there are pass, fail, skip and inconclusive");
  }
  return {};
}

Filters whole_pool_filters() {
  Filters filters;
  filters.strict = true;
  return filters;
}

std::string Parameters::add(Value value) {
  values_.push_back(std::move(value));
  return "?" + std::to_string(values_.size());
}

bool is_kernel_series(std::string_view value) {
  const auto parts = split(value, '.');
  return parts.size() == 2 && all_digits(parts[0]) && all_digits(parts[1]);
}

std::vector<std::string> test_name_forms(const std::string& written) {
  std::string_view text = trim(written);
  // Even an empty name: a filter without a condition would let everything through.
  std::vector<std::string> forms = {std::string(text)};
  for (const std::string_view prefix : {"ktstr/", "gauntlet/"}) {
    const std::size_t at = find_at_boundary(text, prefix);
    if (at == std::string_view::npos) continue;
    const std::string_view name = text.substr(at + prefix.size());
    add_form(forms, name.substr(0, name.find('/')));
    return forms;
  }
  if (const auto space = text.rfind(' '); space != std::string_view::npos) {
    text.remove_prefix(space + 1);
  }
  if (const auto colons = text.rfind("::"); colons != std::string_view::npos) {
    text.remove_prefix(colons + 2);
  }
  add_form(forms, text);
  return forms;
}

const std::vector<FilterField>& filter_fields() {
  static const std::vector<FilterField> fields = {
      {"kernel_version", "kernel", &Filters::kernels, kernel},
      {"project_commit", "project commit", &Filters::project_commits, exact},
      {"kernel_commit", "kernel commit", &Filters::kernel_commits, exact},
      {"run_source", "run source", &Filters::run_sources, exact},
      {"resolve_source", "resolve source", &Filters::resolve_sources, exact},
      {"cpu_budget", "CPU budget", &Filters::cpu_budgets, decimal},
      {"scheduler", "scheduler", &Filters::schedulers, exact},
      {"topology", "topology", &Filters::topologies, exact},
      {"work_type", "work type", &Filters::work_types, exact},
      {"test_name", "test", &Filters::tests, test_name},
      {"verdict", "verdict", &Filters::verdicts, exact},
      {"run_dir", "run directory", &Filters::run_dirs, run_dir},
      {"session", "session", &Filters::sessions, exact},
  };
  return fields;
}

Result<std::string> filter_condition(const Filters& filters, Parameters& parameters) {
  if (auto checked = check_verdicts(filters.verdicts); !checked) return fail(checked.error());
  std::string all;
  for (const FilterField& field : filter_fields()) {
    std::string any;
    for (const std::string& value : filters.*field.values) {
      any += (any.empty() ? "" : " OR ") + field.condition(field.column, value, parameters);
    }
    if (field.values == &Filters::sessions) {
      const std::string inferred = inferred_condition(filters, parameters);
      if (!inferred.empty()) any += (any.empty() ? "" : " OR ") + inferred;
    }
    if (!any.empty()) add_condition(all, any);
  }
  const std::string time = "coalesce(time_ns, mtime_ns)";
  if (filters.since_ns) add_condition(all, time + " >= " + parameters.add(*filters.since_ns));
  if (filters.until_ns) add_condition(all, time + " <= " + parameters.add(*filters.until_ns));
  for (const auto& [key, value] : filters.labels) {
    add_condition(all, "id IN (SELECT l.id FROM labels l WHERE l.key = " + parameters.add(key) +
                           " AND l.value = " + parameters.add(value) + ")");
  }
  if (filters.strict) add_condition(all, "contract = 'ok'");
  return all;
}

bool any_result(SQLite::Database& database, const std::string& condition,
                const Parameters& parameters) {
  SQLite::Statement statement(database,
                              "SELECT EXISTS(SELECT 1 FROM results WHERE " + condition + ")");
  bind_values(statement, parameters.values());
  return statement.executeStep() && statement.getColumn(0).getInt() != 0;
}

Filters without_lists(Filters filters) {
  for (const FilterField& field : filter_fields()) {
    std::erase_if(filters.*field.values,
                  [](const std::string& value) { return value.find(',') != std::string::npos; });
  }
  return filters;
}

namespace {

constexpr std::size_t k_values_listed = 5;

std::vector<std::string> present_values(SQLite::Database& database, const std::string& column) {
  SQLite::Statement statement(database, "SELECT DISTINCT " + column + " FROM results WHERE " +
                                            column + " IS NOT NULL ORDER BY 1");
  std::vector<std::string> values;
  while (statement.executeStep()) values.push_back(column_bytes(statement, 0));
  return values;
}

std::string listed(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size() && i < k_values_listed; ++i) {
    text += (i == 0 ? "'" : ", '") + values[i] + "'";
  }
  if (values.size() > k_values_listed) {
    text += " and " + std::to_string(values.size() - k_values_listed) + " more";
  }
  return text;
}

std::string suggestion(const FilterField& field, const std::string& value,
                       const std::vector<std::string>& present) {
  const std::string word = field.word;
  if (present.empty()) return "no result has a " + word;
  const std::string start = "no result has " + word + " '" + value + "'; ";
  const std::vector<std::string> forms =
      field.values == &Filters::tests ? test_name_forms(value) : std::vector<std::string>{value};
  if (field.values == &Filters::tests) {
    const auto holding = std::count_if(
        present.begin(), present.end(),
        [&](const std::string& name) { return name.find(forms.back()) != std::string::npos; });
    // Somebody who gives a part of a name wants those that have it.
    if (holding > 0 && !forms.back().empty()) {
      return start + "--test '*" + forms.back() + "*' has " + std::to_string(holding) +
             (holding == 1 ? " name" : " names");
    }
  }
  if (const auto near = closest(forms.back(), present)) {
    return start + "the nearest is '" + *near + "'";
  }
  return start + "there " + (present.size() == 1 ? "is " : "are ") + listed(present);
}

}  // namespace

std::vector<std::string> suggestions(SQLite::Database& database, const Filters& filters) {
  std::vector<std::string> sentences;
  // They help with an answer that has been given already: a failure here is not worth a word.
  static_cast<void>(guarded(database.getFilename(), [&] {
    if (!any_result(database, "1", {})) return;
    for (const FilterField& field : filter_fields()) {
      for (const std::string& value : filters.*field.values) {
        Parameters parameters;
        const std::string condition = field.condition(field.column, value, parameters);
        if (any_result(database, condition, parameters)) continue;
        sentences.push_back(suggestion(field, value, present_values(database, field.column)));
      }
    }
  }));
  return sentences;
}

Filters filters_of_expression(std::string_view expression) {
  Filters filters;
  const auto tokens = tokenize(expression);
  if (!tokens) return filters;
  for (std::size_t i = 0; i + 2 < tokens->size(); ++i) {
    const auto value = (*tokens)[i].can_be_name() ? compared_text(*tokens, i + 1) : std::nullopt;
    if (!value) continue;
    const std::string column = token_name((*tokens)[i]);
    for (const FilterField& field : filter_fields()) {
      if (column == field.column) (filters.*field.values).push_back(*value);
    }
  }
  return filters;
}

}  // namespace ktstr
