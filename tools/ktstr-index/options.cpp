// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {
namespace {

using Values = std::vector<std::string>;

tl::unexpected<Error> usage(std::string message) {
  return fail(ErrorCode::usage, std::move(message));
}

std::string in_quotes(std::string_view text) { return "'" + escape_control(text) + "'"; }

std::string suggestion(std::string_view wanted, const std::vector<std::string>& candidates) {
  const auto near = closest(wanted, candidates);
  return near && *near != wanted ? "; did you mean " + in_quotes(*near) + "?" : "";
}

/// A whole text as a number; the library's conversion would also take "12abc" or skip spaces.
template <typename Number>
Result<Number> number_from(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc{} && parsed.ptr == end) return number;
  return usage(in_quotes(text) + " is not a number" +
               (parsed.ec == std::errc::result_out_of_range ? " in range" : ""));
}

template <typename Number, typename Place>
Result<void> store_number(const std::string& text, Place& place) {
  const auto number = number_from<Number>(text);
  if (!number) return fail(number.error());
  place = *number;
  return {};
}

/// Puts the values in their place. Values are never empty here.
struct Store {
  const Values& values;
  bool is_flag;

  Result<void> operator()(bool* place) const {
    try {
      *place = CLI::detail::to_flag_value(values.back()) > 0;
      return {};
    } catch (const std::exception&) {
      return usage(in_quotes(values.back()) + " is neither true nor false");
    }
  }
  Result<void> operator()(std::int64_t* place) const {
    if (!is_flag) return store_number<std::int64_t>(values.back(), *place);
    *place = static_cast<std::int64_t>(values.size());
    return {};
  }
  Result<void> operator()(std::optional<std::int64_t>* place) const {
    return store_number<std::int64_t>(values.back(), *place);
  }
  Result<void> operator()(double* place) const {
    return store_number<double>(values.back(), *place);
  }
  Result<void> operator()(std::optional<double>* place) const {
    return store_number<double>(values.back(), *place);
  }
  Result<void> operator()(std::string* place) const {
    *place = values.back();
    return {};
  }
  Result<void> operator()(std::optional<std::string>* place) const {
    *place = values.back();
    return {};
  }
  Result<void> operator()(std::vector<std::string>* place) const {
    place->insert(place->end(), values.begin(), values.end());
    return {};
  }
  Result<void> operator()(const ValueParser& parser) const {
    for (const std::string& value : values) {
      if (auto parsed = parser(value); !parsed) return parsed;
    }
    return {};
  }
};

Result<void> store(const std::string& name, const Target& target, const Values& values,
                   bool is_flag) {
  if (values.empty()) return {};
  auto stored = std::visit(Store{values, is_flag}, target);
  if (!stored) stored.error().message = name + ": " + stored.error().message;
  return stored;
}

Result<void> check_choices(const Option& option, const std::string& name, const Values& values) {
  if (option.choices.empty()) return {};
  for (const std::string& value : values) {
    const auto& choices = option.choices;
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) continue;
    std::string list;
    for (const std::string& choice : choices) list.append(list.empty() ? "" : ", ").append(choice);
    list += suggestion(value, choices);
    return usage(std::string(name).append(": ").append(in_quotes(value)) + " is not one of " +
                 list);
  }
  return {};
}

/// CLI11's parser for one command: flat, without subcommands, which are found beforehand. (Its
/// subcommands would take a positional "list" for the command of that name.)
class Parser {
 public:
  Parser(const std::vector<const Option*>& options, const std::vector<Positional>& positionals)
      : options_(options), positionals_(positionals) {
    app_.set_help_flag();
    // Left-overs are reported by us, with a suggestion.
    app_.allow_extras();
  }

  Result<void> parse(const std::vector<std::string>& arguments) {
    try {
      add_all(arguments.size());
      std::vector<std::string> reversed = with_empty_values_apart(arguments);
      std::reverse(reversed.begin(), reversed.end());
      app_.parse(std::move(reversed));
    } catch (const CLI::ArgumentMismatch&) {
      return usage(in_quotes(arguments.back()) + " needs a value");
    } catch (const CLI::Error& error) {
      return usage(error.what());
    }
    if (auto known = check_left_over(); !known) return known;
    if (auto stored = store_options(); !stored) return stored;
    return store_positionals();
  }

 private:
  void add_all(std::size_t most_values) {
    const CLI::callback_t keep = [](const CLI::results_t&) { return true; };
    for (const Option* option : options_) {
      CLI::Option* added = takes_value(*option) ? app_.add_option(option->names, keep)
                                                : app_.add_flag(option->names);
      if (takes_value(*option)) added->expected(1);
      finish(added);
      if (!option->environment.empty()) added->envname(option->environment);
      added_options_.push_back(added);
    }
    for (const Positional& positional : positionals_) {
      CLI::Option* added = app_.add_option(positional.name, keep);
      // "Extra" arguments would do for a list, but make CLI11 split values like "[a,b]".
      const bool takes_all = std::holds_alternative<Values*>(positional.target);
      added->expected(takes_all ? static_cast<int>(most_values) + 1 : 1);
      finish(added);
      added_positionals_.push_back(added);
    }
  }

  static void finish(CLI::Option* added) {
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
  }

  /// CLI11 takes "--name=" for "--name" and would swallow the argument after it.
  [[nodiscard]] std::vector<std::string> with_empty_values_apart(
      const std::vector<std::string>& arguments) const {
    std::vector<std::string> out;
    bool is_value = false;
    bool options_over = false;
    for (const std::string& argument : arguments) {
      options_over = options_over || (argument == "--" && !is_value);
      if (is_value || options_over) {
        out.push_back(argument);
        is_value = false;
        continue;
      }
      const bool empty_value = argument.size() > 3 && argument.back() == '=' &&
                               argument.find('=') == argument.size() - 1;
      const std::string name = empty_value ? argument.substr(0, argument.size() - 1) : argument;
      const Option* option = find_option(options_, name);
      const bool valued = option != nullptr && takes_value(*option);
      out.push_back(valued ? name : argument);
      if (valued && empty_value) out.emplace_back();
      is_value = valued && !empty_value;
    }
    return out;
  }

  Result<void> check_left_over() const {
    bool options_over = false;
    for (const std::string& argument : app_.remaining()) {
      if (argument == "--" && !options_over) {
        options_over = true;
      } else if (!options_over && argument.size() > 1 && argument.front() == '-') {
        return usage(unknown_option(argument));
      } else {
        return usage("unexpected argument " + in_quotes(argument));
      }
    }
    return {};
  }

  [[nodiscard]] std::string unknown_option(const std::string& argument) const {
    const std::string name = argument.substr(0, argument.find('='));
    if (argument.find(' ') != std::string::npos) {
      return "unknown option " + in_quotes(argument) +
             " (write -- before a value that begins with -)";
    }
    std::vector<std::string> names = {"--help"};
    for (const Option* option : options_) {
      for (std::string& known : option_names(*option)) names.push_back(std::move(known));
    }
    return "unknown option " + in_quotes(name) + suggestion(name, names);
  }

  Result<void> store_options() const {
    for (std::size_t i = 0; i < options_.size(); ++i) {
      const Option& option = *options_[i];
      const Values& values = added_options_[i]->results();
      const std::string name = option_names(option).back();
      if (values.empty() && option.required) return usage(name + " is required");
      if (auto allowed = check_choices(option, name, values); !allowed) return allowed;
      auto stored = store(name, option.target, values, !takes_value(option));
      if (!stored) return stored;
    }
    return {};
  }

  Result<void> store_positionals() const {
    for (std::size_t i = 0; i < positionals_.size(); ++i) {
      const Positional& positional = positionals_[i];
      const Values& values = added_positionals_[i]->results();
      if (values.empty() && positional.required) return usage(positional.name + " is missing");
      auto stored = store(positional.name, positional.target, values, false);
      if (!stored) return stored;
    }
    return {};
  }

  const std::vector<const Option*>& options_;
  const std::vector<Positional>& positionals_;
  CLI::App app_;
  std::vector<CLI::Option*> added_options_;
  std::vector<CLI::Option*> added_positionals_;
};

}  // namespace

ValueParser parse_seconds_into(std::int64_t& target_ns) {
  return [&target_ns](const std::string& text) -> Result<void> {
    constexpr double k_most_seconds = 1e9;
    const auto seconds = number_from<double>(text);
    if (!seconds) return fail(seconds.error());
    // Written so that NaN is refused, too.
    if (!(*seconds >= 0 && *seconds <= k_most_seconds)) {
      return usage("wants seconds from 0 to 1000000000, not " + in_quotes(text));
    }
    target_ns = static_cast<std::int64_t>(std::ceil(*seconds * 1e9));
    return {};
  };
}

std::vector<std::string> option_names(const Option& option) {
  std::vector<std::string> names;
  for (const std::string_view name : split(option.names, ',')) names.emplace_back(trim(name));
  return names;
}

const Option* find_option(const std::vector<const Option*>& options, std::string_view name) {
  for (const Option* option : options) {
    const auto names = option_names(*option);
    if (std::find(names.begin(), names.end(), name) != names.end()) return option;
  }
  return nullptr;
}

std::vector<const Option*> options_of(const Command& command, const std::vector<Option>& common) {
  std::vector<const Option*> options;
  std::set<std::string> taken;
  for (const Option& option : command.options) {
    options.push_back(&option);
    for (const std::string& name : option_names(option)) taken.insert(name);
  }
  for (const Option& option : common) {
    const auto names = option_names(option);
    const bool replaced =
        std::any_of(names.begin(), names.end(),
                    [&taken](const std::string& name) { return taken.contains(name); });
    if (!replaced) options.push_back(&option);
  }
  return options;
}

Result<void> parse_options(const std::vector<const Option*>& options,
                           const std::vector<Positional>& positionals,
                           const std::vector<std::string>& arguments) {
  return Parser(options, positionals).parse(arguments);
}

}  // namespace ktstr
