// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "context.hpp"
#include "options.hpp"

namespace ktstr {

/// Exit status of a command line that can't be understood.
inline constexpr int k_usage_status = 2;

/// What a command line came to.
struct CommandLine {
  const Command* command = nullptr;  ///< to run; null: all is said, exit with `status`
  int status = 0;
  std::string output = {};   ///< help or version, for stdout
  std::string message = {};  ///< one line without its newline, for stderr
};

/// Finds the command and stores the values of its options. Understands `help [COMMAND...]`,
/// `--help`, `-h` and `--version` by itself. The result points into `program`.
[[nodiscard]] CommandLine parse_command_line(const Program& program,
                                             const std::vector<std::string>& arguments);

/// Parses, prints what there is to print and runs the command; gives the exit status.
[[nodiscard]] int run_command_line(const Program& program, int argc, const char* const* argv);

/// The whole command, or as much of it as the arguments can mean: a command is made if its name is
/// among them. What needs all of them (help, a misspelt name) sees nothing to run in that part.
[[nodiscard]] Program make_program(Context& context, const std::vector<std::string>& arguments);
[[nodiscard]] Program make_whole_program(Context& context);

/// Runs a command line; gives the exit status.
[[nodiscard]] int run_program(int argc, const char* const* argv);

}  // namespace ktstr
