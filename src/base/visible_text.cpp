// SPDX-License-Identifier: MIT
#include "base/visible_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <string>

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

namespace {

constexpr std::string_view k_plain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%=";
constexpr std::string_view k_special = "\\'\"%!$`";

std::string in_single_quotes(std::string_view text) {
  std::string word = "'";
  for (const char byte : text) word += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
  return word + "'";
}

/// printf's format takes a byte as three octal digits, in every shell.
void append_octal(std::string& out, std::string_view bytes) {
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out += '\\';
    for (const unsigned shift : {6U, 3U, 0U}) out += static_cast<char>('0' + (value >> shift & 7U));
  }
}

std::string printf_format(std::string_view text) {
  std::string format;
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    const std::string_view part = text.substr(0, sequence.length);
    // The first dash would begin an option; the others mean something to printf, to the quotes or,
    // even between quotes, to a shell's history.
    const bool is_special =
        k_special.find(part) != std::string_view::npos || (format.empty() && part == "-");
    if (is_special || !is_visible(part)) {
      append_octal(format, part);
    } else {
      format += part;
    }
    text.remove_prefix(sequence.length);
  }
  return format;
}

/// A substitution drops line ends behind its text, so those stand as they are, in quotes.
std::string in_substitution(std::string_view text) {
  const std::size_t end = text.find_last_not_of('\n') + 1;
  std::string word;
  if (end > 0) word = "\"$(printf '" + printf_format(text.substr(0, end)) + "')\"";
  if (end < text.size()) word += in_single_quotes(text.substr(end));
  return word;
}

}  // namespace

std::string shell_word(std::string_view text) {
  if (!is_visible(text)) return in_substitution(text);
  // zsh takes a "=" in front for the path of a command.
  const bool is_plain = !text.empty() && text.front() != '=' &&
                        text.find_first_not_of(k_plain) == std::string_view::npos;
  return is_plain ? std::string(text) : in_single_quotes(text);
}

std::string shell_option(std::string_view name, std::string_view value) {
  const char between = value.starts_with('-') ? '=' : ' ';
  return std::string(name) + between + shell_word(value);
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

namespace {

/// 1 for no unit; nothing for one that there isn't.
std::optional<double> unit_bytes(std::string_view unit) {
  std::string letters;
  for (const char letter : unit) {
    letters += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  if (letters.ends_with("IB") && letters.size() == 3) letters.resize(1);
  if (letters.ends_with('B')) letters.pop_back();
  if (letters.empty()) return 1;
  constexpr std::string_view k_letters = "KMGT";
  const std::size_t power =
      letters.size() == 1 ? k_letters.find(letters[0]) : std::string_view::npos;
  if (power == std::string_view::npos) return std::nullopt;
  return std::ldexp(1.0, static_cast<int>(10 * (power + 1)));
}

}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  const std::string_view trimmed = trim(text);
  double number = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [rest, problem] =
      std::from_chars(trimmed.data(), end, number, std::chars_format::fixed);
  if (problem != std::errc() || trimmed.front() == '-') return std::nullopt;
  const auto unit = unit_bytes(trim(std::string_view(rest, static_cast<std::size_t>(end - rest))));
  if (!unit || !std::isfinite(number) || number * *unit >= 9.2e18) return std::nullopt;
  return static_cast<std::int64_t>(number * *unit);
}

}  // namespace ktstr
