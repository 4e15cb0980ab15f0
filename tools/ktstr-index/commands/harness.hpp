// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "commands/commands.hpp"
#include "ktstr/writer.hpp"

// The subcommands of `harness`.

namespace ktstr {

/// A file's bytes, or those of standard input for "-".
[[nodiscard]] Result<std::string> read_input(const std::string& file, std::uint64_t limit_bytes);

/// The variables with one of them set.
[[nodiscard]] Variables with_variable(Variables variables, std::string name, std::string value);

/// What --root and --catalog say, over what the environment says.
[[nodiscard]] WriterOptions writer_options(const Context& context);

[[nodiscard]] Command make_write_command(const Context& context);
[[nodiscard]] Command make_write_skip_command(const Context& context);
[[nodiscard]] Command make_finalize_command(const Context& context);
[[nodiscard]] Command make_suppress_dumps_command(const Context& context);

}  // namespace ktstr
