// SPDX-License-Identifier: MIT
#include "commands/commands.hpp"
namespace ktstr {
Command make_query_command(const Context& context) { (void)context; Command command; command.name = "query"; command.run = [] { return 0; }; return command; }
}  // namespace ktstr
