// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ktstr {

/// Writes JSON as serde_json's pretty printer does: two spaces a level, one element a line, "[]"
/// and
/// "{}" for empty ones, no newline at the end. Not thread-safe.
class PrettyWriter {
 public:
  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  /// Before each value of an array.
  void element() { separate(); }
  /// Before each value of an object. `key` is plain text.
  void key(std::string_view key);
  /// The same with a key that is JSON text already.
  void quoted_key(std::string_view json);

  void string(std::string_view text);
  void number(double value);
  template <typename Integer>
  void integer(Integer value) {
    out_ += std::to_string(value);
  }
  void boolean(bool value) { out_ += value ? "true" : "false"; }
  void null() { out_ += "null"; }
  /// A value given as compact JSON text, laid out at this depth. What is nested over 128 deep stays
  /// compact.
  void compact(std::string_view json);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void begin(char bracket);
  void end(char bracket);
  void separate();
  // Writes the bracket, string, colon or character that `json` starts with; how much that was.
  std::size_t compact_token(std::string_view json);
  void new_line();

  std::string out_;
  std::size_t depth_ = 0;
  bool empty_ = true;  // nothing yet in the innermost container
};

}  // namespace ktstr
