// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

/// How a JSON text failed to be read, in the classes that the harness's reader (serde_json) knows.
enum class JsonFault {
  syntax,     ///< not JSON, or JSON that the reader won't take (too deep, a number out of range)
  truncated,  ///< the text ended early
  shape,      ///< JSON, but not what was expected
};

struct JsonProblem {
  JsonFault fault = JsonFault::syntax;
  std::string why;  ///< ends with line and column, from 1
};

/// Reads a JSON text once, front to back, and stops at the first problem just where serde_json
/// would: which of two problems counts depends on it. For short documents with a fixed shape; the
/// text must be UTF-8 and outlive the cursor. A function that says false has noted the problem and
/// the cursor is of no more use. Not thread-safe.
class JsonCursor {
 public:
  struct Number {
    std::string_view text;
    bool is_integer = true;  ///< no fraction and no exponent, as written
  };
  /// What the reader asks of a value that it passes over.
  enum class Care {
    ignored,   ///< the grammar alone
    buffered,  ///< that it could be held: no lone surrogates, numbers in range, not too deep
  };

  explicit JsonCursor(std::string_view text) : text_(text) {}

  [[nodiscard]] const JsonProblem& problem() const { return problem_; }

  /// The next character behind white space, where the cursor then stands; none at the end.
  [[nodiscard]] std::optional<char> look();
  void skip() { ++at_; }  ///< the character that look() showed

  bool read_string(std::string& out);        ///< at its quote
  bool read_number(Number& out);             ///< at its first character; none that no double holds
  bool read_literal(std::string_view word);  ///< at its first character, which is known to fit
  /// Any value. `levels` more levels of nesting are fine, if it is buffered.
  bool pass_over(Care care, std::size_t levels = 0);
  /// Nothing but white space is left.
  bool read_end();

  /// Behind the brace of an object: its next key, or none behind the closing brace.
  bool read_key(bool& is_first, std::optional<std::string>& key);
  bool read_colon();
  /// Behind the bracket of an array: stands at its next element, or not, behind the bracket.
  bool read_element(bool& is_first, bool& is_there);

  /// Notes a problem here; false, for the caller to hand on.
  bool refuse(JsonFault fault, const std::string& why);
  /// For a value that should have been `expected`. The value is read first if it is a scalar,
  /// since it may not even be JSON.
  bool refuse_value(const std::string& expected);
  bool refuse_end();  ///< the text is truncated here

 private:
  bool scan_number(Number& out);
  bool scan_digits();
  bool scan_string(std::string* out);
  bool scan_escape(std::string* out);
  bool scan_unicode_escape(std::string* out);
  bool scan_code_unit(char32_t& unit);
  bool scan_low_surrogate(char32_t high, char32_t& code_point);
  bool pass_scalar(char first, Care care);
  bool pass_closing(std::vector<char>& open);
  bool pass_key(Care care);
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }

  std::string_view text_;
  std::size_t at_ = 0;
  JsonProblem problem_;
};

}  // namespace ktstr
