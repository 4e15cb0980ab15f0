// SPDX-License-Identifier: MIT
#include "help_text.hpp"

#include <algorithm>
#include <sstream>

#include "report/table.hpp"

namespace ktstr {
namespace {

constexpr int k_help_width = 80;
constexpr int k_term_indent = 2;
// A term longer than this gets a line of its own.
constexpr int k_longest_term = 26;

struct Entry {
  std::string term;
  std::string text;
};

std::string spaces(int count) { return std::string(static_cast<std::size_t>(count), ' '); }

void append_entries(std::string& out, const std::vector<Entry>& entries) {
  int widest = 0;
  for (const Entry& entry : entries) {
    const int width = display_width(entry.term);
    if (width <= k_longest_term) widest = std::max(widest, width);
  }
  const int column = k_term_indent + widest + 2;
  for (const Entry& entry : entries) {
    out += spaces(k_term_indent);
    const bool is_wide = display_width(entry.term) > widest;
    append_padded(out, entry.term, is_wide || entry.text.empty() ? 0 : widest + 2, false);
    if (is_wide) out += "\n" + spaces(column);
    out += wrapped(entry.text, column, k_help_width) + "\n";
  }
}

void append_section(std::string& out, const std::string& title, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  out += "\n" + title + ":\n";
  append_entries(out, entries);
}

/// Short names first, and long names without a short one below the other long ones.
std::string option_term(const Option& option) {
  std::string term;
  bool has_short = false;
  for (const std::string& name : option_names(option)) {
    has_short = has_short || name.compare(0, 2, "--") != 0;
    term += (term.empty() ? "" : ", ") + name;
  }
  if (takes_value(option)) term += " " + option.value_name;
  return has_short ? term : "    " + term;
}

Entry option_entry(const Option& option) {
  std::string text = option.help;
  if (!option.choices.empty()) {
    std::string list;
    for (const std::string& choice : option.choices) list += (list.empty() ? "" : ", ") + choice;
    text += " (" + list + ")";
  }
  if (!option.environment.empty()) text += " [env: " + option.environment + "]";
  return {option_term(option), text};
}

std::vector<Entry> option_entries(const std::vector<const Option*>& options) {
  std::vector<Entry> entries;
  entries.reserve(options.size());
  for (const Option* option : options) entries.push_back(option_entry(*option));
  return entries;
}

bool takes_all(const Positional& positional) {
  return std::holds_alternative<std::vector<std::string>*>(positional.target);
}

std::string usage_line(const Command& command, const std::vector<std::string>& path) {
  std::string line = "Usage:";
  for (const std::string& name : path) line += " " + name;
  line += " [OPTIONS]";
  if (!command.subcommands.empty()) line += command.run ? " [COMMAND]" : " COMMAND";
  for (const Positional& positional : command.positionals) {
    const std::string name = positional.name + (takes_all(positional) ? "..." : "");
    line += positional.required ? " " + name : " [" + name + "]";
  }
  return wrapped(line, 4, k_help_width) + "\n";
}

/// One section for each group, in the order in which the groups first appear.
void append_commands(std::string& out, const std::vector<Command>& commands) {
  std::vector<std::string> groups;
  for (const Command& command : commands) {
    if (std::find(groups.begin(), groups.end(), command.group) == groups.end()) {
      groups.push_back(command.group);
    }
  }
  for (const std::string& group : groups) {
    std::vector<Entry> entries;
    for (const Command& command : commands) {
      if (command.group != group) continue;
      std::string aliases;
      for (const std::string& alias : command.aliases) aliases.append(", ").append(alias);
      entries.push_back({command.name + aliases, command.summary});
    }
    append_section(out, group.empty() ? "Commands" : group, entries);
  }
}

void append_examples(std::string& out, const std::vector<Example>& examples) {
  if (examples.empty()) return;
  out += "\nExamples:\n";
  for (const Example& example : examples) {
    // A command is never broken: people paste it.
    out += spaces(k_term_indent) + example.command + "\n";
    if (!example.meaning.empty()) {
      out += spaces(6) + wrapped(example.meaning, 6, k_help_width) + "\n";
    }
  }
}

/// Options of the command itself, then those that every command has and this one doesn't replace.
void append_options(std::string& out, const Program& program, const Command& command) {
  const auto all = options_of(command, program.common);
  const auto own = static_cast<std::ptrdiff_t>(command.options.size());
  append_section(out, "Options", option_entries({all.begin(), all.begin() + own}));
  auto common = option_entries({all.begin() + own, all.end()});
  common.push_back({"-h, --help", "show this help"});
  if (&command == &program.root) common.push_back({"-V, --version", "show the version"});
  append_section(out, "Common options", common);
}

}  // namespace

std::string wrapped(const std::string& text, int indent, int width) {
  std::string out;
  std::istringstream lines(text);
  int cells = indent;
  bool paragraph_break = false;
  for (std::string line; std::getline(lines, line);) {
    paragraph_break = paragraph_break || (line.empty() && !out.empty());
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      const int word_width = display_width(word);
      if (paragraph_break) {
        out += "\n\n" + spaces(indent);
        cells = indent;
      } else if (cells > indent && cells + 1 + word_width > width) {
        out += "\n" + spaces(indent);
        cells = indent;
      } else if (cells > indent) {
        out += " ";
        ++cells;
      }
      paragraph_break = false;
      out += word;
      cells += word_width;
    }
  }
  return out;
}

std::string help_text(const Program& program, const Command& command,
                      const std::vector<std::string>& path) {
  std::string out = usage_line(command, path);
  const std::string& about = command.description.empty() ? command.summary : command.description;
  if (!about.empty()) out += "\n" + wrapped(about, 0, k_help_width) + "\n";
  append_commands(out, command.subcommands);
  std::vector<Entry> arguments;
  for (const Positional& positional : command.positionals) {
    const std::string dots = takes_all(positional) ? "..." : "";
    arguments.push_back({positional.name + dots, positional.help});
  }
  append_section(out, "Arguments", arguments);
  append_options(out, program, command);
  append_examples(out, command.examples);
  if (!command.aliases.empty() && path.size() > 1) {
    out += "\nAlso called:";
    for (const std::string& alias : command.aliases) out += " " + alias;
    out += "\n";
  }
  if (path.size() == 1 && !command.subcommands.empty()) {
    out += "\n'" + path.front() + " help COMMAND' says more about a command.\n";
  }
  return out;
}

}  // namespace ktstr
