// SPDX-License-Identifier: MIT
#include "privacy/unescaped_text.hpp"

#include <charconv>

namespace ktstr {
namespace {

constexpr std::size_t k_unit_length = 6;  // \uXXXX

/// Not an escape of a code unit: beyond all of them.
unsigned code_unit(std::string_view raw, std::size_t at) {
  unsigned unit = 0x10000;
  if (raw.substr(at, 2) == "\\u" && raw.size() - at >= k_unit_length) {
    std::from_chars(raw.data() + at + 2, raw.data() + at + k_unit_length, unit, 16);
  }
  return unit;
}

std::string utf8_of(unsigned code_point) {
  const auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xC0 | (code_point >> 6)), tail(0)};
  if (code_point < 0x10000) {
    return {static_cast<char>(0xE0 | (code_point >> 12)), tail(6), tail(0)};
  }
  return {static_cast<char>(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0)};
}

char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

UnescapedText::UnescapedText(std::string_view raw) : raw_(raw) {
  if (raw.find('\\') == std::string_view::npos) return;
  text_.reserve(raw.size());
  offsets_.reserve(raw.size() + 1);
  for (std::size_t at = 0; at < raw.size();) {
    if (raw[at] == '\\') {
      at = unescape_at(at);
    } else {
      append(raw.substr(at, 1), at);
      ++at;
    }
  }
  offsets_.push_back(raw.size());
}

/// Gives the place behind the escape.
std::size_t UnescapedText::unescape_at(std::size_t at) {
  if (raw_[at + 1] != 'u') {
    const char c = simple_escape(raw_[at + 1]);
    append(std::string_view(&c, 1), at);
    return at + 2;
  }
  const unsigned first = code_unit(raw_, at);
  if (first < 0xD800 || first > 0xDFFF) {
    append(utf8_of(first), at);
    return at + k_unit_length;
  }
  const unsigned second = code_unit(raw_, at + k_unit_length);
  if (first < 0xDC00 && second >= 0xDC00 && second <= 0xDFFF) {
    append(utf8_of(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), at);
    return at + 2 * k_unit_length;
  }
  append(utf8_of(0xFFFD), at);
  return at + k_unit_length;
}

void UnescapedText::append(std::string_view bytes, std::size_t raw_at) {
  text_ += bytes;
  offsets_.insert(offsets_.end(), bytes.size(), raw_at);
}

}  // namespace ktstr
