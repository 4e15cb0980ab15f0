// SPDX-License-Identifier: MIT
#include "base/visible_text.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_hex_digits = "0123456789abcdef";

struct CodeRange {
  char32_t first;
  char32_t last;
};

// Unicode's format characters (Cf), line and paragraph separators, and what else it says to draw
// as nothing (Default_Ignorable_Code_Point); in ascending order.
constexpr std::array k_format_characters = {
    CodeRange{0x00AD, 0x00AD},   CodeRange{0x034F, 0x034F},   CodeRange{0x0600, 0x0605},
    CodeRange{0x061C, 0x061C},   CodeRange{0x06DD, 0x06DD},   CodeRange{0x070F, 0x070F},
    CodeRange{0x0890, 0x0891},   CodeRange{0x08E2, 0x08E2},   CodeRange{0x115F, 0x1160},
    CodeRange{0x17B4, 0x17B5},   CodeRange{0x180B, 0x180F},   CodeRange{0x200B, 0x200F},
    CodeRange{0x2028, 0x202E},   CodeRange{0x2060, 0x206F},   CodeRange{0x3164, 0x3164},
    CodeRange{0xFE00, 0xFE0F},   CodeRange{0xFEFF, 0xFEFF},   CodeRange{0xFFA0, 0xFFA0},
    CodeRange{0xFFF0, 0xFFFB},   CodeRange{0x110BD, 0x110BD}, CodeRange{0x110CD, 0x110CD},
    CodeRange{0x13430, 0x1343F}, CodeRange{0x1BCA0, 0x1BCA3}, CodeRange{0x1D173, 0x1D17A},
    CodeRange{0xE0000, 0xE0FFF},
};

void append_escaped(std::string& out, char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      break;
  }
  const auto value = static_cast<unsigned char>(byte);
  out += "\\x";
  out += k_hex_digits[value >> 4];
  out += k_hex_digits[value & 0xF];
}

void append_code_point(std::string& out, char32_t code_point) {
  const bool is_long = code_point > 0xFFFF;
  out += is_long ? "\\U" : "\\u";
  for (int shift = is_long ? 28 : 12; shift >= 0; shift -= 4) {
    out += k_hex_digits[code_point >> static_cast<unsigned>(shift) & 0xF];
  }
}

std::string escape(std::string_view bytes, bool (*is_escaped)(char32_t)) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(bytes);
    const std::string_view part = bytes.substr(0, sequence.length);
    if (sequence.valid && !is_escaped(sequence.code_point)) {
      out += part;
    } else if (sequence.valid && !is_control(sequence.code_point)) {
      append_code_point(out, sequence.code_point);
    } else {
      for (const char byte : part) append_escaped(out, byte);
    }
    bytes.remove_prefix(sequence.length);
  }
  return out;
}

}  // namespace

bool is_control(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
}

bool is_invisible(char32_t code_point) {
  if (is_control(code_point)) return true;
  const auto after =
      std::upper_bound(k_format_characters.begin(), k_format_characters.end(), code_point,
                       [](char32_t code, const CodeRange& range) { return code < range.first; });
  return after != k_format_characters.begin() && code_point <= std::prev(after)->last;
}

bool is_visible(std::string_view text) {
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    if (!sequence.valid || is_invisible(sequence.code_point)) return false;
    text.remove_prefix(sequence.length);
  }
  return true;
}

std::string escape_control(std::string_view bytes) { return escape(bytes, is_invisible); }

std::string escape_terminal_control(std::string_view bytes) { return escape(bytes, is_control); }

}  // namespace ktstr
