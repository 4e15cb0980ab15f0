// SPDX-License-Identifier: MIT
#include "environment/unicode_space.hpp"

#include "base/text.hpp"

namespace ktstr {
namespace {

bool is_white_space(char32_t code_point) {
  if (code_point >= 0x09 && code_point <= 0x0D) return true;
  if (code_point >= 0x2000 && code_point <= 0x200A) return true;
  switch (code_point) {
    case 0x20:
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return false;
  }
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// Where the last sequence of a text that isn't empty starts.
std::size_t last_sequence(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && text.size() - at < 4 && is_continuation(text[at])) --at;
  return at;
}

}  // namespace

std::string_view trim_unicode(std::string_view text) {
  while (!text.empty()) {
    const Utf8Sequence first = first_utf8_sequence(text);
    if (!first.valid || !is_white_space(first.code_point)) break;
    text.remove_prefix(first.length);
  }
  while (!text.empty()) {
    const std::string_view tail = text.substr(last_sequence(text));
    const Utf8Sequence last = first_utf8_sequence(tail);
    if (!last.valid || last.length != tail.size() || !is_white_space(last.code_point)) break;
    text.remove_suffix(tail.size());
  }
  return text;
}

}  // namespace ktstr
