// SPDX-License-Identifier: MIT
#include "record/json_scanner.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/text.hpp"

namespace ktstr {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Held within what the caller can add a text's length to.
std::int64_t exponent_value(std::string_view text) {
  constexpr std::int64_t k_far = std::numeric_limits<std::int64_t>::max() / 4;
  const bool negative = text.front() == '-';
  if (!is_digit(text.front())) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || value > k_far) value = k_far;
  return negative ? -value : value;
}

/// Whether a number that no double holds is too large, rather than too small.
bool is_large(std::string_view number) {
  const std::size_t mark = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, mark);
  const std::int64_t exponent = mark == number.size() ? 0 : exponent_value(number.substr(mark + 1));
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = std::min(digits.find_first_of("123456789"), digits.size());
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent > 0;
}

}  // namespace

std::optional<double> number_value(std::string_view number) {
  double value = 0.0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec == std::errc()) return value;
  if (is_large(number)) return std::nullopt;
  return number.front() == '-' ? -0.0 : 0.0;
}

bool JsonScanner::refuse(const char* why) {
  error_ = at_end() ? "unexpected end of the text" : why;
  return false;
}

void JsonScanner::skip_space() {
  while (!at_end() && is_space(peek())) ++at_;
}

bool JsonScanner::scan_literal(std::string_view& out) {
  for (const std::string_view word : {"true", "false", "null"}) {
    if (json_.substr(at_, word.size()) != word) continue;
    out = word;
    at_ += word.size();
    return true;
  }
  return refuse("expected a value");
}

bool JsonScanner::scan_digits() {
  const std::size_t first = at_;
  while (!at_end() && is_digit(peek())) ++at_;
  return at_ > first || refuse("expected a digit");
}

bool JsonScanner::scan_fraction(bool& is_integer) {
  if (at_end() || peek() != '.') return true;
  is_integer = false;
  ++at_;
  return scan_digits();
}

bool JsonScanner::scan_exponent(bool& is_integer) {
  if (at_end() || (peek() != 'e' && peek() != 'E')) return true;
  is_integer = false;
  ++at_;
  if (!at_end() && (peek() == '+' || peek() == '-')) ++at_;
  return scan_digits();
}

bool JsonScanner::scan_number(Number& out) {
  const std::size_t first = at_;
  if (!at_end() && peek() == '-') ++at_;
  if (!at_end() && peek() == '0') {
    ++at_;  // nothing but a fraction may follow a zero
  } else if (!scan_digits()) {
    return false;
  }
  out.is_integer = true;
  if (!scan_fraction(out.is_integer) || !scan_exponent(out.is_integer)) return false;
  out.text = json_.substr(first, at_ - first);
  return true;
}

bool JsonScanner::scan_string(String& out) {
  const std::size_t first = ++at_;
  out.has_lone_surrogate = false;
  while (true) {
    if (at_end()) return refuse("");
    const char c = peek();
    if (c == '"') break;
    if (static_cast<unsigned char>(c) < 0x20) return refuse("control character in a string");
    if (c != '\\') {
      ++at_;
    } else if (!scan_escape(out.has_lone_surrogate)) {
      return false;
    }
  }
  out.text = json_.substr(first, at_ - first);
  ++at_;
  return true;
}

bool JsonScanner::scan_escape(bool& lone_surrogate) {
  ++at_;
  if (at_end()) return refuse("");
  const char c = json_[at_++];
  if (c != 'u') {
    return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos ||
           refuse("invalid escape");
  }
  int unit = 0;
  if (!scan_code_unit(unit)) return false;
  if (unit < 0xD800 || unit > 0xDFFF) return true;
  if (unit < 0xDC00 && json_.substr(at_, 2) == "\\u") {
    const std::size_t before = at_;
    at_ += 2;
    int second = 0;
    if (!scan_code_unit(second)) return false;
    if (second >= 0xDC00 && second <= 0xDFFF) return true;
    at_ = before;  // the second unit stands for itself
  }
  lone_surrogate = true;
  return true;
}

bool JsonScanner::scan_code_unit(int& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const int digit = at_end() ? -1 : hex_digit(peek());
    if (digit < 0) return refuse("invalid \\u escape");
    unit = unit * 16 + digit;
  }
  return true;
}

namespace {

// Exactly the depth of values that the fast parser still takes: then a document never changes
// sides, and is never spelled differently, because of something elsewhere in it.
constexpr std::size_t k_max_depth = 1023;
constexpr char k_mark = '\0';

/// "-0" is no integer to serde.
bool fits_integer(std::string_view text) {
  if (text == "-0") return false;
  std::int64_t negative = 0;
  std::uint64_t positive = 0;
  const char* end = text.data() + text.size();
  return text.front() == '-' ? std::from_chars(text.data(), end, negative).ec == std::errc()
                             : std::from_chars(text.data(), end, positive).ec == std::errc();
}

// Walks the text once with an explicit stack, so that depth costs a byte a level.
class Rewriter : private JsonSteps<Rewriter> {
 public:
  explicit Rewriter(std::string_view json) : JsonSteps(json) {
    out_.reserve(json.size() + 64);  // room for the fast parser's padding, too
  }

  Result<std::string> run() {
    while (expect_ != Expect::end) {
      scanner_.skip_space();
      if (!step()) return failure(scanner_.error());
    }
    scanner_.skip_space();
    if (!scanner_.at_end()) return failure("trailing characters");
    return std::move(out_);
  }

 private:
  friend JsonSteps<Rewriter>;

  [[nodiscard]] tl::unexpected<Error> failure(const std::string& why) const {
    return fail(ErrorCode::parse, why + " at byte " + std::to_string(scanner_.position()));
  }

  bool value(char c) {
    if (c == '{' || c == '[') return open(c);
    const bool is_number = c == '-' || (c >= '0' && c <= '9');
    if (!(c == '"' ? string() : is_number ? number() : literal())) return false;
    after_value();
    return true;
  }

  bool key_string() { return string(); }

  [[nodiscard]] bool is_in_object() const { return stack_.back() == '{'; }
  [[nodiscard]] bool is_outermost() const { return stack_.empty(); }

  bool open(char c) {
    if (stack_.size() == k_max_depth) {
      captured_from_ = out_.size();
      is_deep_ = true;
    }
    stack_.push_back(c);
    return take(c == '{' ? Expect::key_or_close : Expect::value_or_close);
  }

  bool close() {
    take(Expect::end);
    stack_.pop_back();
    if (is_deep_ && stack_.size() == k_max_depth) {
      is_deep_ = false;
      const std::string captured = out_.substr(captured_from_);
      out_.resize(captured_from_);
      put_marked(MarkedKind::container, captured);
    }
    after_value();
    return true;
  }

  bool literal() {
    std::string_view word;
    if (!scanner_.scan_literal(word)) return false;
    out_ += word;
    return true;
  }

  bool number() {
    JsonScanner::Number number;
    if (!scanner_.scan_number(number)) return false;
    if (is_deep_ ||
        (number.is_integer ? fits_integer(number.text) : number_value(number.text).has_value())) {
      out_ += number.text;
    } else {
      put_marked(MarkedKind::number, number.text);
    }
    return true;
  }

  bool string() {
    JsonScanner::String string;
    if (!scanner_.scan_string(string)) return false;
    if (string.has_lone_surrogate && !is_deep_) {
      put_marked(MarkedKind::surrogate, string.text);
      return true;
    }
    const bool looks_marked = string.text.substr(0, 6) == "\\u0000";
    out_ += looks_marked && !is_deep_ ? "\"\\u0000p" : "\"";
    out_ += string.text;
    out_ += '"';
    return true;
  }

  // The character that the scanner stands at.
  void pass() {
    out_ += scanner_.peek();
    scanner_.skip();
  }

  void put_marked(MarkedKind kind, std::string_view text) {
    std::string string(1, k_mark);
    string += static_cast<char>(kind);
    string += text;
    append_json_string(out_, string);
  }

  std::vector<char> stack_;
  bool is_deep_ = false;  // inside something that is captured whole
  std::size_t captured_from_ = 0;
  std::string out_;
};

}  // namespace

std::optional<MarkedValue> marked_value(std::string_view string) {
  if (string.size() < 2 || string.front() != k_mark) return std::nullopt;
  return MarkedValue{static_cast<MarkedKind>(string[1]), string.substr(2)};
}

Result<std::string> make_parsable(std::string_view json) { return Rewriter(json).run(); }

bool may_hold_negative_zero(std::string_view json) {
  constexpr std::string_view k_ends = ",]} \n\r\t";
  for (std::size_t at = json.find("-0"); at != std::string_view::npos;
       at = json.find("-0", at + 2)) {
    if (at + 2 == json.size() || k_ends.find(json[at + 2]) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace ktstr
