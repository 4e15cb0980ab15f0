// SPDX-License-Identifier: MIT
#include "query/sql_problem.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_no_column = "no such column: ";
constexpr std::string_view k_no_table = "no such table: ";
constexpr std::size_t k_near_names = 3;

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(first_utf8_sequence(text).length);
  return count;
}

/// How far a candidate is from what is wanted; `too_far` if it isn't worth naming. One that begins
/// with the wanted word, or ends with it after an underscore, is near.
std::size_t distance_of(std::string_view wanted, std::string_view candidate, std::size_t too_far) {
  if (wanted.size() >= 3 && starts_with(candidate, wanted)) return 0;
  if (wanted.size() >= 3 && candidate.size() > wanted.size() &&
      candidate.substr(candidate.size() - wanted.size()) == wanted &&
      candidate[candidate.size() - wanted.size() - 1] == '_') {
    return 1;
  }
  return std::min(edit_distance(wanted, candidate), too_far);
}

/// What the message says there is none of: without its table and quotes.
std::string missing_name(std::string_view message, std::string_view start) {
  std::string_view name = message.substr(start.size());
  // Later versions of SQLite go on with advice.
  name = name.substr(0, name.find(" - should"));
  if (const auto dot = name.rfind('.'); dot != std::string_view::npos) name = name.substr(dot + 1);
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  return std::string(name);
}

bool is_verdict(std::string_view name) {
  return name == "pass" || name == "fail" || name == "skip";
}

std::string column_help(const std::string& name, const KnownNames& known) {
  std::string quotes = "if it is text, it stands in single quotes: '" + name + "'";
  // There are columns of nearly these names, but `verdict = fail` doesn't mean them.
  if (is_verdict(name)) return quotes;
  if (std::find(known.metrics.begin(), known.metrics.end(), name) != known.metrics.end()) {
    return name + " is a metric: --metric " + name + " makes it a column";
  }
  if (const auto near = near_names(name, known.columns, k_near_names); !near.empty()) {
    return "did you mean " + any_of_text(near) + "?";
  }
  if (const auto near = near_names(name, known.metrics, k_near_names); !near.empty()) {
    return "did you mean the metric " + any_of_text(near) + "? --metric makes it a column";
  }
  return quotes;
}

std::string help(const std::string& message, const KnownNames& known) {
  if (starts_with(message, k_no_column)) {
    return column_help(missing_name(message, k_no_column), known);
  }
  if (starts_with(message, k_no_table)) {
    const auto near = near_names(missing_name(message, k_no_table), known.views, k_near_names);
    if (!near.empty()) return "did you mean " + any_of_text(near) + "?";
  }
  if (message.find("the views") != std::string::npos || starts_with(message, k_no_table)) {
    std::string list = "the views are";
    for (const std::string& view : known.views) list += " " + view;
    return known.views.empty() ? "" : list;
  }
  return "";
}

}  // namespace

std::string any_of_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::vector<std::string> near_names(std::string_view wanted,
                                    const std::vector<std::string>& candidates, std::size_t limit) {
  const std::size_t too_far = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  const std::string lower = lower_ascii(wanted);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = distance_of(lower, lower_ascii(candidate), too_far);
    if (distance < too_far) ranked.emplace_back(distance, candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& place : ranked) {
    const bool known = std::find(names.begin(), names.end(), place.second) != names.end();
    if (!known && names.size() < limit) names.push_back(std::move(place.second));
  }
  return names;
}

std::string caret_lines(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  std::size_t begin = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  const std::size_t end = std::min(text.find('\n', offset), text.size());
  const std::string before = escape_control(text.substr(begin, offset - begin));
  return escape_control(text.substr(begin, end - begin)) + "\n" +
         std::string(count_characters(before), ' ') + "^";
}

Error sql_error(const SqlProblem& problem, std::string_view text, const KnownNames& known) {
  Error error{ErrorCode::usage, problem.message};
  if (problem.offset) error.hint = caret_lines(text, *problem.offset);
  const std::string advice = problem.hint.empty() ? help(problem.message, known) : problem.hint;
  if (!advice.empty()) error.hint += (error.hint.empty() ? "" : "\n") + advice;
  return error;
}

SqlText& SqlText::add_expression(std::string_view expression) {
  text_ += "(\n";
  pieces_.push_back({text_.size(), std::string(expression)});
  text_ += expression;
  text_ += "\n)";
  return *this;
}

Error SqlText::error(SqlProblem problem, const KnownNames& known) const {
  for (const Piece& piece : pieces_) {
    const std::size_t end = piece.begin + piece.text.size();
    // The line break and the parenthesis behind it are where SQLite sees that something is missing.
    if (!problem.offset || *problem.offset < piece.begin || *problem.offset > end + 1) continue;
    if (*problem.offset >= end) problem.message = "the expression ends too early";
    problem.offset = std::min(*problem.offset, end) - piece.begin;
    return sql_error(problem, piece.text, known);
  }
  problem.offset.reset();
  return sql_error(problem, "", known);
}

}  // namespace ktstr
