// SPDX-License-Identifier: MIT
#include "base/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "base/text.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_hex_digits = "0123456789abcdef";

/// The letter of a two-character escape, or NUL if the byte has none.
char short_escape(char byte) {
  switch (byte) {
    case '"':
    case '\\':
      return byte;
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return '\0';
  }
}

void append_valid_text(std::string& out, std::string_view text) {
  for (const char byte : text) {
    if (const char letter = short_escape(byte); letter != '\0') {
      out += '\\';
      out += letter;
    } else if (static_cast<unsigned char>(byte) < 0x20) {
      out += "\\u00";
      out += k_hex_digits[static_cast<unsigned char>(byte) >> 4];
      out += k_hex_digits[static_cast<unsigned char>(byte) & 0xF];
    } else {
      out += byte;
    }
  }
}

/// |x| = 0.DIGITS * 10^point, DIGITS starting and (but for a lone digit) ending with non-zero.
struct ShortestDigits {
  std::array<char, 32> buffer = {};
  std::size_t count = 0;
  int point = 0;

  [[nodiscard]] std::string_view text() const { return {buffer.data(), count}; }
};

/// The standard's shortest digits: to_chars writes "d.ddde[+-]xx" or "de[+-]xx".
ShortestDigits shortest_digits(double magnitude) {
  std::array<char, 32> scientific = {};
  const auto written = std::to_chars(scientific.data(), scientific.data() + scientific.size(),
                                     magnitude, std::chars_format::scientific);
  const std::string_view text(scientific.data(),
                              static_cast<std::size_t>(written.ptr - scientific.data()));
  const std::size_t exponent_mark = text.find('e');
  ShortestDigits digits;
  for (const char byte : text.substr(0, exponent_mark)) {
    if (byte != '.') digits.buffer[digits.count++] = byte;
  }
  const std::string_view exponent = text.substr(exponent_mark + 2);
  int value = 0;
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
  digits.point = (text[exponent_mark + 1] == '-' ? -value : value) + 1;
  return digits;
}

void append_scientific(std::string& out, const ShortestDigits& digits) {
  const std::string_view text = digits.text();
  out += text.front();
  if (text.size() > 1) {
    out += '.';
    out += text.substr(1);
  }
  out += 'e';
  out += std::to_string(digits.point - 1);
}

void append_plain(std::string& out, const ShortestDigits& digits) {
  const std::string_view text = digits.text();
  if (digits.point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-digits.point), '0');
    out += text;
    return;
  }
  const auto whole = static_cast<std::size_t>(digits.point);
  if (text.size() > whole) {
    out += text.substr(0, whole);
    out += '.';
    out += text.substr(whole);
    return;
  }
  out += text;
  out.append(whole - text.size(), '0');
  out += ".0";
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_valid_utf8(text)) {
    append_valid_text(out, text);
  } else {
    append_valid_text(out, lossy_utf8(text));
  }
  out += '"';
}

void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (std::signbit(value)) out += '-';
  if (value == 0) {
    out += "0.0";
    return;
  }
  const ShortestDigits digits = shortest_digits(std::fabs(value));
  // Outside of these the writer that we match changes to an exponent.
  if (digits.point > -5 && digits.point <= 16) {
    append_plain(out, digits);
  } else {
    append_scientific(out, digits);
  }
}

}  // namespace ktstr
