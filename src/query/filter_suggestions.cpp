// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "catalog/connection.hpp"
#include "query/filters.hpp"
#include "query/tokens.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_values_listed = 5;

bool any_result(SQLite::Database& database, const std::string& condition,
                const Parameters& parameters) {
  SQLite::Statement statement(database,
                              "SELECT EXISTS(SELECT 1 FROM results WHERE " + condition + ")");
  int index = 0;
  for (const Value& value : parameters.values()) bind_value(statement, ++index, value);
  return statement.executeStep() && statement.getColumn(0).getInt() != 0;
}

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
  if (const auto near = closest(forms.back(), present)) {
    return start + "the nearest is '" + *near + "'";
  }
  return start + "there " + (present.size() == 1 ? "is " : "are ") + listed(present);
}

/// Of a token in single quotes.
std::string string_value(const Token& token) {
  std::string value;
  const std::string_view inside = token.text.substr(1, token.text.size() - 2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    value += inside[i];
    if (inside[i] == '\'') ++i;  // doubled
  }
  return value;
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
    std::size_t value = i + 2;
    if (!(*tokens)[i].can_be_name() || !(*tokens)[i + 1].is_symbol('=')) continue;
    if ((*tokens)[value].is_symbol('=') && value + 1 < tokens->size()) ++value;  // "=="
    if ((*tokens)[value].kind != Token::Kind::string) continue;
    const std::string column = token_name((*tokens)[i]);
    for (const FilterField& field : filter_fields()) {
      if (column == field.column) (filters.*field.values).push_back(string_value((*tokens)[value]));
    }
  }
  return filters;
}

}  // namespace ktstr
