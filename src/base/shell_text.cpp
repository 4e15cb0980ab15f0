// SPDX-License-Identifier: MIT
#include "base/shell_text.hpp"

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {
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

}  // namespace ktstr
