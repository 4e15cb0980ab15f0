// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "context.hpp"
#include "options.hpp"

namespace ktstr {

/// The whole command, or as much of it as the arguments can mean: a command is made if its name is
/// among them. What needs all of them (help, a misspelt name) sees nothing to run in that part.
[[nodiscard]] Program make_program(Context& context, const std::vector<std::string>& arguments);
[[nodiscard]] Program make_whole_program(Context& context);

/// Runs a command line; gives the exit status.
[[nodiscard]] int run_program(int argc, const char* const* argv);

}  // namespace ktstr
