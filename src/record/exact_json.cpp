// SPDX-License-Identifier: MIT
#include "record/exact_json.hpp"

#include <charconv>
#include <cstdint>
#include <vector>

#include "base/json_text.hpp"
#include "record/json_steps.hpp"

namespace ktstr {
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
