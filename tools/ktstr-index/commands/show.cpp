// SPDX-License-Identifier: MIT
#include "commands/commands.hpp"
namespace ktstr {
Command make_show_command(const Context& context) { (void)context; Command command; command.name = "show"; command.run = [] { return 0; }; return command; }
}  // namespace ktstr
