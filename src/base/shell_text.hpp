// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

// Text that people paste into a shell. Pure functions; thread-safe.

/// One word of a command line that means `text` byte for byte: in single quotes where it needs
/// them. What can't be seen, or would move a terminal's cursor, is spelled out for printf, so that
/// a name can neither hide a part of itself nor look like a line of its own.
[[nodiscard]] std::string shell_word(std::string_view text);

/// "NAME VALUE", or "NAME=VALUE" where the value would be taken for an option.
[[nodiscard]] std::string shell_option(std::string_view name, std::string_view value);

/// The words as one line.
[[nodiscard]] std::string shell_line(const std::vector<std::string>& words);

}  // namespace ktstr
