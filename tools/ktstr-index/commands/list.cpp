// SPDX-License-Identifier: MIT
#include "commands/commands.hpp"
namespace ktstr {
Command make_list_command(const Context& context) { (void)context; Command command; command.name = "list"; command.run = [] { return 0; }; return command; }
}  // namespace ktstr
