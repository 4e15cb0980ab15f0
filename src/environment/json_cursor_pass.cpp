// SPDX-License-Identifier: MIT

// The part of JsonCursor that passes over values.

#include <vector>

#include "environment/json_cursor.hpp"

namespace ktstr {
namespace {

bool starts_number(char c) { return c == '-' || (c >= '0' && c <= '9'); }

}  // namespace

bool JsonCursor::pass_scalar(char first, Care care) {
  std::string held;
  Number number;
  switch (first) {
    case 'n':
      return read_literal("null");
    case 't':
      return read_literal("true");
    case 'f':
      return read_literal("false");
    case '"':
      return scan_string(care == Care::ignored ? nullptr : &held);
    default:
      break;
  }
  if (!starts_number(first)) return refuse(JsonFault::syntax, "expected a value");
  return care == Care::ignored ? scan_number(number) : read_number(number);
}

bool JsonCursor::pass_key(Care care) {
  const auto first = look();
  if (!first) return refuse_end();
  if (*first != '"') return refuse(JsonFault::syntax, "a key must be a string");
  return pass_scalar('"', care) && read_colon();
}

// Behind a value: closes what ends here, and the comma before the next value.
bool JsonCursor::pass_closing(std::vector<char>& open) {
  while (!open.empty()) {
    const auto next = look();
    if (!next) return refuse_end();
    if (*next != ',' && *next != open.back()) {
      return refuse(JsonFault::syntax, "expected a comma or the end of an array or object");
    }
    skip();
    if (*next == ',') return true;
    open.pop_back();
  }
  return true;
}

bool JsonCursor::pass_over(Care care, std::size_t levels) {
  std::vector<char>
      open;  // what closes them; a stack of our own, since an ignored value may be deep
  do {
    if (!open.empty() && open.back() == '}' && !pass_key(care)) return false;
    const auto first = look();
    if (!first) return refuse_end();
    if (*first != '{' && *first != '[') {
      if (!pass_scalar(*first, care)) return false;
    } else {
      if (care == Care::buffered && open.size() >= levels) {
        return refuse(JsonFault::syntax, "nested too deeply");
      }
      skip();
      open.push_back(*first == '{' ? '}' : ']');
      const auto inner = look();
      if (!inner) return refuse_end();
      if (*inner != open.back()) continue;
    }
    if (!pass_closing(open)) return false;
  } while (!open.empty());
  return true;
}

}  // namespace ktstr
