// SPDX-License-Identifier: MIT
#pragma once

// Characters and words as the matchers see them: ASCII only, whatever the locale.

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "record/private_matchers.hpp"

namespace ktstr::private_matchers {

[[nodiscard]] inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] inline bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
[[nodiscard]] inline bool is_hex(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}
[[nodiscard]] inline bool is_space(char c) { return static_cast<unsigned char>(c) <= ' '; }

[[nodiscard]] inline char char_at(std::string_view text, std::size_t at) {
  return at < text.size() ? text[at] : '\0';
}

[[nodiscard]] inline bool has_prefix(std::string_view text, std::size_t at,
                                     std::string_view lower_prefix) {
  if (text.size() - at < lower_prefix.size()) return false;
  return std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin() + at,
                    [](char wanted, char found) { return wanted == lower(found); });
}

/// At the start of a word: nothing of the same word is before it.
[[nodiscard]] inline bool starts_word(std::string_view text, std::size_t at) {
  return at == 0 || !is_word(text[at - 1]);
}

template <typename Predicate>
[[nodiscard]] std::size_t run_length(std::string_view text, std::size_t at, std::size_t most,
                                     Predicate is_inside) {
  std::size_t length = 0;
  while (length < most && at + length < text.size() && is_inside(text[at + length])) ++length;
  return length;
}

}  // namespace ktstr::private_matchers
