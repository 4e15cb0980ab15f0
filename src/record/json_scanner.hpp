// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace ktstr
