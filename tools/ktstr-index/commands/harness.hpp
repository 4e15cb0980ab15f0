// SPDX-License-Identifier: MIT
#pragma once

// The subcommands of `harness`.

#include <cstdint>
#include <string>

#include "commands/commands.hpp"

namespace ktstr {

/// A file's bytes, or those of standard input for "-".
[[nodiscard]] Result<std::string> read_input(const std::string& file, std::uint64_t limit_bytes);

[[nodiscard]] Command make_write_command(const Context& context);
[[nodiscard]] Command make_write_skip_command(const Context& context);
[[nodiscard]] Command make_finalize_command(const Context& context);
[[nodiscard]] Command make_suppress_dumps_command(const Context& context);

}  // namespace ktstr
