// SPDX-License-Identifier: MIT
#include "record/pretty_json.hpp"

#include <algorithm>

#include "base/json_text.hpp"

namespace ktstr {
namespace {

// Indentation makes the text of n nested containers n*n long. No reader of serde's goes deeper.
constexpr std::size_t k_deepest_indented = 128;

/// Of the string that `json` starts with, quotes included.
std::size_t string_length(std::string_view json) {
  std::size_t i = 1;
  while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
  return std::min(i + 1, json.size());
}

/// Of the container that `json` starts with, brackets included.
std::size_t container_length(std::string_view json) {
  std::size_t depth = 0;
  std::size_t i = 0;
  while (i < json.size()) {
    const char c = json[i];
    if (c == '"') {
      i += string_length(json.substr(i));
      continue;
    }
    ++i;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) break;
  }
  return i;
}

}  // namespace

void PrettyWriter::key(std::string_view key) {
  separate();
  append_json_string(out_, key);
  out_ += ": ";
}

void PrettyWriter::quoted_key(std::string_view json) {
  separate();
  out_ += json;
  out_ += ": ";
}

void PrettyWriter::string(std::string_view text) { append_json_string(out_, text); }

void PrettyWriter::number(double value) { append_json_double(out_, value); }

void PrettyWriter::compact(std::string_view json) {
  std::size_t i = 0;
  while (i < json.size()) {
    const char c = json[i];
    if (c == ',') {
      separate();
      ++i;
    } else if (c == '}' || c == ']') {
      end(c);
      ++i;
    } else {
      if (empty_) separate();
      i += compact_token(json.substr(i));
    }
  }
}

std::size_t PrettyWriter::compact_token(std::string_view json) {
  const char c = json.front();
  if ((c == '{' || c == '[') && depth_ < k_deepest_indented) {
    begin(c);
    return 1;
  }
  const std::size_t length = c == '{' || c == '[' ? container_length(json)
                             : c == '"'           ? string_length(json)
                                                  : 1;
  out_ += json.substr(0, length);
  if (c == ':') out_ += ' ';
  return length;
}

void PrettyWriter::begin(char bracket) {
  out_ += bracket;
  ++depth_;
  empty_ = true;
}

void PrettyWriter::end(char bracket) {
  --depth_;
  if (!empty_) new_line();
  out_ += bracket;
  empty_ = false;
}

void PrettyWriter::separate() {
  if (!empty_) out_ += ',';
  empty_ = false;
  new_line();
}

void PrettyWriter::new_line() {
  out_ += '\n';
  out_.append(2 * depth_, ' ');
}

}  // namespace ktstr
