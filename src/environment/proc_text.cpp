// SPDX-License-Identifier: MIT
#include "environment/proc_text.hpp"

#include <charconv>
#include <cstddef>

#include "base/text.hpp"
#include "environment/unicode_space.hpp"

namespace ktstr {

std::string_view first_word(std::string_view text) {
  text = trim_unicode(text);
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t length = first_utf8_sequence(text.substr(end)).length;
    if (trim_unicode(text.substr(end, length)).empty()) break;
    end += length;
  }
  return text.substr(0, end);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace ktstr
