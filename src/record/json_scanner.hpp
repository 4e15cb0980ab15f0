// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ktstr/result.hpp"

namespace ktstr {

/// The value of a JSON number; none where it is beyond a double's range. Too small a number is 0.
/// Unlike strtod it doesn't ask the locale.
[[nodiscard]] std::optional<double> number_value(std::string_view number);

/// Cuts a JSON text into tokens, as strict as the grammar. Each scan leaves the position behind the
/// token and says whether there was one; if not, error() says why. Not thread-safe.
class JsonScanner {
 public:
  struct Number {
    std::string_view text;
    bool is_integer = true;
  };
  struct String {
    std::string_view text;  ///< without the quotes, escapes as written
    bool has_lone_surrogate = false;
  };

  explicit JsonScanner(std::string_view json) : json_(json) {}

  [[nodiscard]] bool at_end() const { return at_ >= json_.size(); }
  [[nodiscard]] char peek() const { return json_[at_]; }  ///< not at the end
  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] const std::string& error() const { return error_; }

  void skip_space();
  void skip() { ++at_; }

  bool scan_number(Number& out);
  bool scan_string(String& out);  ///< at its opening quote
  bool scan_literal(std::string_view& out);

  /// Notes why there is no token here; false, for the caller to hand on.
  bool refuse(const char* why);

 private:
  bool scan_digits();
  bool scan_fraction(bool& is_integer);
  bool scan_exponent(bool& is_integer);
  bool scan_escape(bool& lone_surrogate);
  bool scan_code_unit(int& unit);

  std::string_view json_;
  std::size_t at_ = 0;
  std::string error_;
};

/// The order of tokens in a JSON text, for readers that go over it once with a stack of their own.
/// A Reader derives from this and says what it does with
///   bool value(char first)        a scalar or the begin of a container; after_value() at its end
///   bool key_string()             the string that the scanner stands at
///   bool close()                  the end of the innermost container
///   void pass()                   a colon or comma that the scanner stands at, and moves on
///   bool is_in_object() const, bool is_outermost() const
/// each false after scanner_.refuse().
template <class Reader>
class JsonSteps {
 protected:
  enum class Expect { value, value_or_close, key, key_or_close, colon, comma_or_close, end };

  explicit JsonSteps(std::string_view json) : scanner_(json) {}

  /// One token.
  bool step() {
    if (scanner_.at_end()) return scanner_.refuse("");
    const char c = scanner_.peek();
    switch (expect_) {
      case Expect::value:
        return self().value(c);
      case Expect::value_or_close:
        return c == ']' ? self().close() : self().value(c);
      case Expect::key:
        return key(c);
      case Expect::key_or_close:
        return c == '}' ? self().close() : key(c);
      case Expect::colon:
        return c == ':' ? take(Expect::value) : scanner_.refuse("expected ':'");
      case Expect::comma_or_close:
        return comma_or_close(c);
      case Expect::end:
        break;
    }
    return true;
  }

  /// What the scanner stands at is done with.
  bool take(Expect next) {
    self().pass();
    expect_ = next;
    return true;
  }

  void after_value() { expect_ = self().is_outermost() ? Expect::end : Expect::comma_or_close; }

  JsonScanner scanner_;
  Expect expect_ = Expect::value;

 private:
  Reader& self() { return static_cast<Reader&>(*this); }

  bool comma_or_close(char c) {
    const bool in_object = self().is_in_object();
    if (c == ',') return take(in_object ? Expect::key : Expect::value);
    if (c == (in_object ? '}' : ']')) return self().close();
    return scanner_.refuse(in_object ? "expected ',' or '}'" : "expected ',' or ']'");
  }

  bool key(char c) {
    if (c != '"') return scanner_.refuse("expected a key");
    expect_ = Expect::colon;
    return self().key_string();
  }
};

// A second, exact reader of JSON for what the fast parser refuses and serde takes: integers beyond
// 64 bits, numbers out of a double's range, "-0", nesting over 1024, and lone surrogates in
// escapes. It decides whether the text is JSON at all, and rewrites it so that the fast parser can
// take it: each refused value becomes a marked string that carries the value's own text. So there
// is one decoder, not two.
//
// A marked string starts with a NUL and a letter. A string of the document that starts with a NUL
// itself is marked as plain, so that no document can fake a mark.

/// What a marked string stands for: the character after the NUL.
enum class MarkedKind : char {
  number = 'n',     ///< a number's text
  surrogate = 's',  ///< a string (or key) with a lone surrogate: its text without the quotes
  container = 'c',  ///< an array or object nested too deep to matter: compact JSON
  plain = 'p',      ///< a string that starts with a NUL
};

struct MarkedValue {
  MarkedKind kind;
  std::string_view text;
};

/// What a string of a rewritten document stands for; none for an ordinary string.
[[nodiscard]] std::optional<MarkedValue> marked_value(std::string_view string);

/// The rewritten document, compact. `json` is valid UTF-8. Linear in its size, whatever it holds.
/// Error (parse): it is not one JSON text; the message says why and where.
[[nodiscard]] Result<std::string> make_parsable(std::string_view json);

/// True if the text may hold a number written "-0", which the fast parser would turn into an
/// integer (serde sees a float there).
[[nodiscard]] bool may_hold_negative_zero(std::string_view json);

}  // namespace ktstr
