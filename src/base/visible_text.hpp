// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

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

}  // namespace ktstr
