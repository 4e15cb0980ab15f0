// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "commands/commands.hpp"
#include "help_text.hpp"

namespace ktstr {
namespace {

constexpr int k_output_status = 3;  // help could not be written, to a full disk for one

std::string in_quotes(const std::string& text) { return "'" + escape_control(text) + "'"; }

const Command* find_command(const Command& parent, const std::string& name) {
  for (const Command& command : parent.subcommands) {
    const auto& aliases = command.aliases;
    if (command.name == name || std::find(aliases.begin(), aliases.end(), name) != aliases.end()) {
      return &command;
    }
  }
  return nullptr;
}

std::string unknown_command(const Command& parent, const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : parent.subcommands) {
    names.push_back(command.name);
    names.insert(names.end(), command.aliases.begin(), command.aliases.end());
  }
  names.emplace_back("help");
  std::string message = "unknown command " + in_quotes(name);
  if (const auto near = closest(name, names)) message += "; did you mean " + in_quotes(*near) + "?";
  return message;
}

/// Whether the argument after this one is its value: "--root" and "-qr" want one, "--root=x" and
/// "-rx" have it.
bool wants_next(const std::string& argument, const std::vector<const Option*>& options) {
  if (argument.compare(0, 2, "--") == 0) {
    const Option* option = find_option(options, argument);
    return option != nullptr && takes_value(*option);
  }
  for (std::size_t i = 1; i < argument.size(); ++i) {
    const Option* option = find_option(options, std::string{'-', argument[i]});
    if (option != nullptr && takes_value(*option)) return i + 1 == argument.size();
  }
  return false;
}

/// A command that takes positionals has no need of further names: words are its own then.
bool expects_name(const Command& command) {
  return !command.subcommands.empty() && command.positionals.empty();
}

/// What the names on a command line lead to.
struct Resolution {
  const Command* command;
  std::vector<std::string> path;       ///< names from the program's down
  std::vector<std::string> rest = {};  ///< the arguments that the command's options are to get
  std::string error = {};
  bool help = false;
  bool version = false;
};

/// Finds the command that the arguments name.
class Resolver {
 public:
  explicit Resolver(const Program& program)
      : program_(program),
        found_{&program.root, {program.root.name}},
        options_(options_of(program.root, program.common)) {}

  Resolution resolve(const std::vector<std::string>& arguments) {
    for (std::size_t i = 0; i < arguments.size() && found_.error.empty(); ++i) {
      const std::string& argument = arguments[i];
      if (argument == "--") {
        found_.rest.insert(found_.rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i),
                           arguments.end());
        break;
      }
      if (argument.size() < 2 || argument.front() != '-') {
        read_word(argument);
        continue;
      }
      read_option(argument);
      const bool has_value = wants_next(argument, options_) && i + 1 < arguments.size();
      if (has_value) found_.rest.push_back(arguments[++i]);
    }
    return std::move(found_);
  }

 private:
  void read_option(const std::string& argument) {
    if (argument == "-h" || argument == "--help") {
      found_.help = true;
      return;
    }
    const bool at_root = found_.command == &program_.root;
    if (at_root && (argument == "--version" || argument == "-V")) {
      found_.version = true;
      return;
    }
    found_.rest.push_back(argument);
    // Whether an unknown option takes the next word can't be known, so neither can the command.
    if (!expects_name(*found_.command) || is_known(argument)) return;
    const auto parsed = parse_options(options_, {}, {argument});
    found_.error = parsed ? "unknown option " + in_quotes(argument) : parsed.error().message;
  }

  [[nodiscard]] bool is_known(const std::string& argument) const {
    const bool is_long = argument.compare(0, 2, "--") == 0;
    const std::string name =
        is_long ? argument.substr(0, argument.find('=')) : argument.substr(0, 2);
    return find_option(options_, name) != nullptr;
  }

  void read_word(const std::string& word) {
    if (wants_help_on_names_) {
      const Command* found = find_command(*found_.command, word);
      return found != nullptr ? enter(*found) : fail_on(word);
    }
    if (!expects_name(*found_.command)) {
      found_.rest.push_back(word);
    } else if (const Command* found = find_command(*found_.command, word)) {
      enter(*found);
    } else if (found_.command == &program_.root && word == "help") {
      found_.help = true;
      wants_help_on_names_ = true;
    } else {
      fail_on(word);
    }
  }

  void enter(const Command& command) {
    found_.command = &command;
    found_.path.push_back(command.name);
    options_ = options_of(command, program_.common);
  }
  void fail_on(const std::string& word) { found_.error = unknown_command(*found_.command, word); }

  const Program& program_;
  Resolution found_;
  std::vector<const Option*> options_;
  bool wants_help_on_names_ = false;  ///< after the word "help"
};

std::string joined(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& name : path) out += (out.empty() ? "" : " ") + name;
  return out;
}

CommandLine usage_error(const std::vector<std::string>& path, const std::string& message) {
  return {nullptr, k_usage_status, {}, joined(path) + ": " + message};
}

std::string missing_command(const Command& command) {
  std::string names;
  for (const Command& sub : command.subcommands) names += (names.empty() ? "" : ", ") + sub.name;
  return "a command is missing: one of " + names;
}

/// One line, whatever a value parser put into its message.
void print_line(std::FILE* stream, const std::string& line) {
  std::fputs((escape_control(line) + "\n").c_str(), stream);
}

Result<void> read_arguments(const Program& program, const Command& command,
                            std::vector<std::string> arguments) {
  const auto options = options_of(command, program.common);
  if (command.expand) {
    const auto kept = command.expand(options, arguments);
    if (!kept) return fail(kept.error());
    auto read = parse_options(options_of(command, {}), command.positionals, *kept);
    if (!read) return fail(ErrorCode::usage, "kept arguments: " + read.error().message);
  }
  return parse_options(options, command.positionals, arguments);
}

}  // namespace

CommandLine parse_command_line(const Program& program, const std::vector<std::string>& arguments) {
  const Resolution resolved = Resolver(program).resolve(arguments);
  if (!resolved.error.empty()) return usage_error(resolved.path, resolved.error);
  const Command& command = *resolved.command;
  if (resolved.help) return {nullptr, 0, help_text(program, command, resolved.path), {}};
  if (resolved.version) return {nullptr, 0, program.root.name + " " + program.version + "\n", {}};
  auto parsed = read_arguments(program, command, resolved.rest);
  if (parsed && program.check) parsed = program.check();
  if (!parsed) return usage_error(resolved.path, parsed.error().message);
  if (!command.run) return usage_error(resolved.path, missing_command(command));
  return {&command, 0, {}, {}};
}

int run_command_line(const Program& program, int argc, const char* const* argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const CommandLine line = parse_command_line(program, arguments);
  if (!line.message.empty()) print_line(stderr, line.message);
  if (line.command != nullptr) return line.command->run();
  const bool written = std::fputs(line.output.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  // A reader that left ("| head") has what it wanted.
  return written || errno == EPIPE ? line.status : k_output_status;
}

namespace {

struct CommandMaker {
  std::string_view name;
  Command (*make)(const Context&);
};
// In the order of help.
constexpr CommandMaker k_commands[] = {
    {"query", make_query_command},
    {"list", make_list_command},
    {"show", make_show_command},
    {"last-run", make_last_run_command},
    {"list-values", make_list_values_command},
    {"list-metrics", make_list_metrics_command},
    {"show-host", make_show_host_command},
    {"explain-sidecar", make_explain_sidecar_command},
    {"replay", make_replay_command},
    {"sql", make_sql_command},
    {"footer", make_footer_command},
    {"run", make_run_command},
    {"capture", make_capture_command},
    {"refresh", make_refresh_command},
    {"verify", make_verify_command},
    {"info", make_info_command},
    {"paths", make_paths_command},
    {"restore", make_restore_command},
    {"snapshot", make_snapshot_command},
    {"gc", make_gc_command},
    {"purge", make_purge_command},
    {"import", make_import_command},
    {"pack", make_pack_command},
    {"harness", make_harness_command},
};

Program program_without_commands(Context& context) {
  Program program;
  program.version = KTSTR_VERSION;
  program.common = context.common_options();
  program.check = [&context] { return context.check_options(); };
  program.root.name = "ktstr-index";
  program.root.summary = "An index over the results of ktstr, the harness for Linux schedulers";
  program.root.description =
      "Mirrors each result sidecar of a runs root into an SQLite catalog and answers questions "
      "from it. The files stay the truth; the catalog can be deleted at any time.";
  program.root.examples = {
      {"ktstr-index list", "the run directories, newest first"},
      {"ktstr-index query \"verdict='fail' and scheduler='scx_lavd'\"", "what fails under lavd"},
      {"ktstr-index query --group-by scheduler,verdict", "how each scheduler is doing"},
  };
  return program;
}

}  // namespace

Program make_program(Context& context, const std::vector<std::string>& arguments) {
  Program program = program_without_commands(context);
  for (const CommandMaker& maker : k_commands) {
    if (std::find(arguments.begin(), arguments.end(), maker.name) != arguments.end()) {
      program.root.subcommands.push_back(maker.make(context));
    }
  }
  return program;
}

Program make_whole_program(Context& context) {
  Program program = program_without_commands(context);
  for (const CommandMaker& maker : k_commands) {
    program.root.subcommands.push_back(maker.make(context));
  }
  return program;
}

int run_program(int argc, const char* const* argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  {
    Context context;
    const Program part = make_program(context, arguments);
    const CommandLine line = parse_command_line(part, arguments);
    if (line.command != nullptr) return line.command->run();
  }
  Context context;
  return run_command_line(make_whole_program(context), argc, argv);
}

}  // namespace ktstr
