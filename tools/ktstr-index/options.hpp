// SPDX-License-Identifier: MIT
#pragma once

// What the command line can hold, as data. Commands describe themselves with these types; help,
// parsing, suggestions and completion all read the same description.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

/// Called with each value in turn, for values that need checking. Its error becomes the usage
/// message.
using ValueParser = std::function<Result<void>(const std::string&)>;

/// Where a value goes. The pointed-to object must outlive the parse and keeps its value when the
/// option is not given. A single value takes the last one given, a vector adds all of them.
using Target = std::variant<bool*, std::int64_t*, std::optional<std::int64_t>*, double*,
                            std::optional<double>*, std::string*, std::optional<std::string>*,
                            std::vector<std::string>*, ValueParser>;

/// Stores seconds, 0 to 1e9 and with any fraction, as nanoseconds. What is more than nothing is at
/// least one of them. `target_ns` must outlive the parser.
[[nodiscard]] ValueParser parse_seconds_into(std::int64_t& target_ns);

struct Option {
  std::string names;       ///< "-v,--verbose"; short and long in any number
  std::string value_name;  ///< "FILE"; empty: a flag, for bool* (true) and int64* (how often)
  std::string help;
  Target target;
  std::vector<std::string> choices = {};  ///< the only values allowed, if any
  std::string environment = {};  ///< variable that gives the value when the option is not given
  bool required = false;
};

struct Positional {
  std::string name;  ///< "EXPR"; a vector target takes all that are left, and must be the last
  std::string help;
  Target target;
  bool required = false;
};

struct Example {
  std::string command;  ///< a whole line that can be pasted
  std::string meaning;
};

struct Command {
  std::string name;
  std::string summary;  ///< one line, for the list of commands
  std::vector<std::string> aliases = {};
  std::string group = {};        ///< heading in the list of commands
  std::string description = {};  ///< paragraphs, separated by an empty line
  std::vector<Example> examples = {};
  std::vector<Option> options = {};
  std::vector<Positional> positionals = {};
  std::vector<Command> subcommands = {};
  std::function<int()> run = {};  ///< gives the exit status; none: a subcommand is needed
  /// Takes from the arguments, which may have these options, what stands for others that are kept
  /// somewhere, and gives those: they are read before the rest, with the command's own options.
  std::function<Result<std::vector<std::string>>(const std::vector<const Option*>& options,
                                                 std::vector<std::string>& arguments)>
      expand = {};
};

/// The whole command. `common` options stand before or after the name of any command; a command's
/// own option of the same name takes precedence.
struct Program {
  std::string version;
  Command root;
  std::vector<Option> common = {};
  /// Asked when all options are read: whether they go together. None: they do.
  std::function<Result<void>()> check = {};
};

/// "-v,--verbose" as {"-v", "--verbose"}.
[[nodiscard]] std::vector<std::string> option_names(const Option& option);
[[nodiscard]] inline bool takes_value(const Option& option) { return !option.value_name.empty(); }

/// The command's options and then those common ones that it doesn't replace.
[[nodiscard]] std::vector<const Option*> options_of(const Command& command,
                                                    const std::vector<Option>& common);

/// The option of that name, "-v" or "--verbose"; null if there is none.
[[nodiscard]] const Option* find_option(const std::vector<const Option*>& options,
                                        std::string_view name);

/// Stores the values that `arguments` (without the name of program and command) give to the
/// options and positionals. Everything after "--" is positional.
/// Error (code usage): a one-line message with the closest match. The environment is only read for
/// options that name a variable.
[[nodiscard]] Result<void> parse_options(const std::vector<const Option*>& options,
                                         const std::vector<Positional>& positionals,
                                         const std::vector<std::string>& arguments);

}  // namespace ktstr
