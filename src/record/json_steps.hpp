// SPDX-License-Identifier: MIT
#pragma once

#include "record/json_scanner.hpp"

namespace ktstr {

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

}  // namespace ktstr
