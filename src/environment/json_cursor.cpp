// SPDX-License-Identifier: MIT
#include "environment/json_cursor.hpp"

#include <algorithm>
#include <vector>

#include "record/json_scanner.hpp"

namespace ktstr {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_high_surrogate(char32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(char32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

char low_bits(char32_t value, unsigned marker) {
  return static_cast<char>(static_cast<unsigned char>(marker | (value & 0x3FU)));
}

void append_utf8(std::string& out, char32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(static_cast<unsigned char>(0xC0U | code_point >> 6U));
    out += low_bits(code_point, 0x80);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(static_cast<unsigned char>(0xE0U | code_point >> 12U));
    out += low_bits(code_point >> 6U, 0x80);
    out += low_bits(code_point, 0x80);
  } else {
    out += static_cast<char>(static_cast<unsigned char>(0xF0U | code_point >> 18U));
    out += low_bits(code_point >> 12U, 0x80);
    out += low_bits(code_point >> 6U, 0x80);
    out += low_bits(code_point, 0x80);
  }
}

/// What the letter behind a backslash stands for; none for "u" and for what may not stand there.
std::optional<char> simple_escape(char letter) {
  constexpr std::string_view k_letters = "\"\\/bfnrt";
  constexpr std::string_view k_meanings = "\"\\/\b\f\n\r\t";
  const std::size_t at = k_letters.find(letter);
  return at == std::string_view::npos ? std::nullopt : std::optional<char>(k_meanings[at]);
}

}  // namespace

bool JsonCursor::refuse(JsonFault fault, const std::string& why) {
  const std::string_view before = text_.substr(0, at_);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  problem_.fault = fault;
  problem_.why = why + " at line " + std::to_string(line) + " column " +
                 std::to_string(at_ - line_start + (at_end() ? 0 : 1));
  return false;
}

bool JsonCursor::refuse_end() { return refuse(JsonFault::truncated, "the text ends early"); }

bool JsonCursor::refuse_value(const std::string& expected) {
  const auto first = look();
  if (!first) return refuse_end();
  if (*first != '{' && *first != '[' && !pass_scalar(*first, Care::buffered)) return false;
  return refuse(JsonFault::shape, "invalid type, expected " + expected);
}

std::optional<char> JsonCursor::look() {
  constexpr std::string_view k_space = " \n\t\r";
  at_ = std::min(text_.find_first_not_of(k_space, at_), text_.size());
  return at_end() ? std::nullopt : std::optional<char>(text_[at_]);
}

bool JsonCursor::read_end() { return !look() || refuse(JsonFault::syntax, "trailing characters"); }

bool JsonCursor::read_literal(std::string_view word) {
  for (const char expected : word) {
    if (at_end()) return refuse_end();
    if (text_[at_] != expected) return refuse(JsonFault::syntax, "unknown literal");
    ++at_;
  }
  return true;
}

bool JsonCursor::scan_digits() {
  if (at_end()) return refuse_end();
  if (!is_digit(text_[at_])) return refuse(JsonFault::syntax, "invalid number");
  while (!at_end() && is_digit(text_[at_])) ++at_;
  return true;
}

bool JsonCursor::scan_number(Number& out) {
  const std::size_t start = at_;
  out.is_integer = true;
  if (text_[at_] == '-') ++at_;
  const std::size_t first_digit = at_;
  if (!scan_digits()) return false;
  if (text_[first_digit] == '0' && at_ > first_digit + 1) {
    return refuse(JsonFault::syntax, "a number with a leading zero");
  }
  if (!at_end() && text_[at_] == '.') {
    out.is_integer = false;
    ++at_;
    if (!scan_digits()) return false;
  }
  if (!at_end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    out.is_integer = false;
    ++at_;
    if (!at_end() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!scan_digits()) return false;
  }
  out.text = text_.substr(start, at_ - start);
  return true;
}

bool JsonCursor::read_number(Number& out) {
  if (!scan_number(out)) return false;
  return number_value(out.text) || refuse(JsonFault::syntax, "number out of range");
}

bool JsonCursor::read_string(std::string& out) {
  out.clear();
  return scan_string(&out);
}

// Without `out` lone surrogates are fine: nobody will hold the string.
bool JsonCursor::scan_string(std::string* out) {
  ++at_;
  while (true) {
    if (at_end()) return refuse_end();
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) < 0x20) {
      return refuse(JsonFault::syntax, "control character in a string");
    }
    ++at_;
    if (c == '"') return true;
    if (c != '\\') {
      if (out != nullptr) *out += c;
    } else if (!scan_escape(out)) {
      return false;
    }
  }
}

bool JsonCursor::scan_escape(std::string* out) {
  if (at_end()) return refuse_end();
  const char letter = text_[at_];
  const auto meaning = simple_escape(letter);
  if (!meaning && letter != 'u') return refuse(JsonFault::syntax, "invalid escape");
  ++at_;
  if (!meaning) return scan_unicode_escape(out);
  if (out != nullptr) *out += *meaning;
  return true;
}

bool JsonCursor::scan_code_unit(char32_t& unit) {
  if (text_.size() - at_ < 4) {
    at_ = text_.size();
    return refuse_end();
  }
  unit = 0;
  for (const char c : text_.substr(at_, 4)) {
    const int digit = hex_digit(c);
    if (digit < 0) return refuse(JsonFault::syntax, "invalid escape");
    unit = unit << 4U | static_cast<char32_t>(digit);
  }
  at_ += 4;
  return true;
}

bool JsonCursor::scan_unicode_escape(std::string* out) {
  char32_t code_point = 0;
  if (!scan_code_unit(code_point)) return false;
  if (out == nullptr) return true;
  if (is_low_surrogate(code_point)) return refuse(JsonFault::syntax, "lone surrogate");
  if (is_high_surrogate(code_point) && !scan_low_surrogate(code_point, code_point)) return false;
  append_utf8(*out, code_point);
  return true;
}

bool JsonCursor::scan_low_surrogate(char32_t high, char32_t& code_point) {
  for (const char expected : {'\\', 'u'}) {
    if (at_end()) return refuse_end();
    if (text_[at_] != expected) return refuse(JsonFault::syntax, "lone surrogate");
    ++at_;
  }
  char32_t low = 0;
  if (!scan_code_unit(low)) return false;
  if (!is_low_surrogate(low)) return refuse(JsonFault::syntax, "lone surrogate");
  code_point = 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00);
  return true;
}

bool JsonCursor::read_key(bool& is_first, std::optional<std::string>& key) {
  auto next = look();
  if (!next) return refuse_end();
  key.reset();
  if (*next == '}') {
    skip();
    return true;
  }
  if (!is_first) {
    if (*next != ',') return refuse(JsonFault::syntax, "expected `,` or `}`");
    skip();
    next = look();
    if (!next) return refuse_end();
  }
  is_first = false;
  if (*next != '"') return refuse(JsonFault::syntax, "a key must be a string");
  return read_string(key.emplace());
}

bool JsonCursor::read_colon() {
  const auto next = look();
  if (!next) return refuse_end();
  if (*next != ':') return refuse(JsonFault::syntax, "expected `:`");
  skip();
  return true;
}

bool JsonCursor::read_element(bool& is_first, bool& is_there) {
  auto next = look();
  if (!next) return refuse_end();
  is_there = *next != ']';
  if (!is_there) {
    skip();
    return true;
  }
  if (!is_first) {
    if (*next != ',') return refuse(JsonFault::syntax, "expected `,` or `]`");
    skip();
    next = look();
    if (!next) return refuse_end();
    if (*next == ']') return refuse(JsonFault::syntax, "trailing comma");
  }
  is_first = false;
  return true;
}

// The part of JsonCursor that passes over values.

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
