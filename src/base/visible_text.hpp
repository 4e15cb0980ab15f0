// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

// What a name may hide. Pure functions; thread-safe.

/// C0, DEL and C1: what a terminal obeys.
[[nodiscard]] bool is_control(char32_t code_point);

/// A control character, or one that shows nothing itself and may change how its neighbours are
/// read: marks of writing direction, joiners and other zero-width characters, line separators,
/// variation selectors, tags.
[[nodiscard]] bool is_invisible(char32_t code_point);

/// Valid UTF-8 without invisible characters.
[[nodiscard]] bool is_visible(std::string_view text);

/// Fit for people: what can't be seen and invalid bytes are shown as \n, \t, \r, \xNN for each byte
/// or \uNNNN; all else stays. Not meant to be read back: a backslash stays too.
[[nodiscard]] std::string escape_control(std::string_view bytes);

/// For programs whose input may be looked at in a terminal: as escape_control, but characters that
/// are only invisible stay, being data.
[[nodiscard]] std::string escape_terminal_control(std::string_view bytes);

// Text that people paste into a shell. Pure functions; thread-safe.

/// One word of a command line that means `text` byte for byte: in single quotes where it needs
/// them. What can't be seen, or would move a terminal's cursor, is spelled out for printf, so that
/// a name can neither hide a part of itself nor look like a line of its own.
[[nodiscard]] std::string shell_word(std::string_view text);

/// "NAME VALUE", or "NAME=VALUE" where the value would be taken for an option.
[[nodiscard]] std::string shell_option(std::string_view name, std::string_view value);

/// The words as one line.
[[nodiscard]] std::string shell_line(const std::vector<std::string>& words);

/// Bytes as a person writes them: "1048576", "500K", "500M", "2G", "1T", "1.5G", each also with
/// "B" or "iB" behind, in any case; the letters count in 1024s. Nothing if it can't be read, is
/// negative or doesn't fit. Pure; thread-safe.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

/// In one piece, so that lines of several processes don't mix. Thread-safe.
inline void print_to_stderr(std::string_view line) {
  std::string text(line);
  text += '\n';
  static_cast<void>(std::fputs(text.c_str(), stderr));
}

}  // namespace ktstr
