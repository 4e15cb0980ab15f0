// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <utility>

namespace ktstr {
namespace {

constexpr std::string_view k_hex_digits = "0123456789abcdef";
constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

/// What a lead byte promises. The range of the second byte is where overlong forms, surrogates
/// and too large code points are kept out; later bytes are always 80..BF.
struct Lead {
  std::size_t length = 0;  ///< 0: no sequence starts with this byte
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

/// How many bytes of ASCII `bytes` starts with, in steps of eight; most text is nothing else.
std::size_t ascii_blocks(std::string_view bytes) {
  std::size_t offset = 0;
  for (; offset + 8 <= bytes.size(); offset += 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, bytes.data() + offset, 8);
    if ((block & 0x8080808080808080) != 0) break;
  }
  return offset;
}

bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

}  // namespace

Utf8Sequence first_utf8_sequence(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  const Lead lead = lead_of(first);
  if (lead.length == 0) return {1, 0, false};
  if (lead.length == 1) return {1, first, true};
  char32_t code_point = first & (0x7FU >> lead.length);
  for (std::size_t i = 1; i < lead.length; ++i) {
    const unsigned char low = i == 1 ? lead.second_min : 0x80;
    const unsigned char high = i == 1 ? lead.second_max : 0xBF;
    if (i >= bytes.size()) return {i, 0, false};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < low || byte > high) return {i, 0, false};
    code_point = code_point << 6 | (byte & 0x3FU);
  }
  return {lead.length, code_point, true};
}

bool is_valid_utf8(std::string_view bytes) {
  bytes.remove_prefix(ascii_blocks(bytes));
  while (!bytes.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(bytes);
    if (!sequence.valid) return false;
    bytes.remove_prefix(sequence.length);
    if (sequence.length > 1) bytes.remove_prefix(ascii_blocks(bytes));
  }
  return true;
}

std::string lossy_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(bytes);
    out += sequence.valid ? bytes.substr(0, sequence.length) : k_replacement;
    bytes.remove_prefix(sequence.length);
  }
  return out;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
  // One row of the table of distances between beginnings of the two texts.
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::optional<std::string> closest(std::string_view wanted,
                                   const std::vector<std::string>& candidates) {
  std::size_t best_distance = std::max<std::size_t>(1, (wanted.size() + 2) / 3) + 1;
  std::optional<std::string> best;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t end = text.find(separator);
  while (end != std::string_view::npos) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
    end = text.find(separator);
  }
  parts.push_back(text);
  return parts;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string hex16(std::uint64_t number) {
  std::string out(16, '0');
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, number >>= 4) {
    *digit = k_hex_digits[number & 0xF];
  }
  return out;
}

namespace {

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
