// SPDX-License-Identifier: MIT
#include "report/row_formatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace ktstr {

const Value& value_at(const Row& row, std::size_t i) {
  static const Value k_null;
  return i < row.size() ? row[i] : k_null;
}

std::vector<bool> number_columns(std::size_t columns, const std::vector<Row>& sample) {
  std::vector<bool> numbers(columns, false);
  std::vector<bool> texts(columns, false);
  for (const Row& row : sample) {
    for (std::size_t i = 0; i < columns; ++i) {
      const Value& value = value_at(row, i);
      if (std::holds_alternative<std::string>(value)) {
        texts[i] = true;
      } else if (!std::holds_alternative<std::monostate>(value)) {
        numbers[i] = true;
      }
    }
  }
  for (std::size_t i = 0; i < columns; ++i) numbers[i] = numbers[i] && !texts[i];
  return numbers;
}

std::string exact_number(std::int64_t number) { return std::to_string(number); }

std::string exact_number(double number) {
  if (!std::isfinite(number)) return fmt::format("{}", number);
  std::string text;
  append_json_double(text, number);
  return text;
}

std::string readable_number(double number) {
  // From a million on the six digits would come with an exponent; whole numbers read better.
  const double size = std::fabs(number);
  if (size >= 999999.5 && size < 1e15) return fmt::format("{:.0f}", number);
  return fmt::format("{:.6g}", number);
}

std::string printable(std::string_view text) {
  // Nearly every cell is plain ASCII, and a table asks for each of them.
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; });
  return plain ? std::string(text) : escape_control(text);
}

void append_safe_json_string(std::string& out, std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    const auto byte = static_cast<unsigned char>(quoted[i]);
    const auto next = i + 1 < quoted.size() ? static_cast<unsigned char>(quoted[i + 1]) : 0U;
    if (byte == 0x7F) {
      out += "\\u007f";
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      out += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      out.push_back(quoted[i]);
    }
  }
}

}  // namespace ktstr
