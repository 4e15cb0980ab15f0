// SPDX-License-Identifier: MIT
#include "query/filters.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ktstr {
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

}  // namespace

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

}  // namespace ktstr
