// SPDX-License-Identifier: MIT
#include "report/row_formatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "base/text.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names = {"table", "json", "jsonl", "csv", "markdown"};
  return names;
}

const char* format_name(Format format) {
  return format_names()[static_cast<std::size_t>(format)].c_str();
}

Result<Format> parse_format(std::string_view name) {
  const auto& names = format_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Format>(i);
  }
  std::string message = "'" + escape_control(name) + "' is not an output format";
  if (const auto near = closest(name, names)) message += "; did you mean '" + *near + "'?";
  return fail(ErrorCode::usage, message, {}, "formats: table, json, jsonl, csv, markdown");
}

namespace {

struct Unit {
  double size;
  const char* name;
};
constexpr Unit k_bytes[] = {
    {1, "B"}, {0x1p10, "KiB"}, {0x1p20, "MiB"}, {0x1p30, "GiB"}, {0x1p40, "TiB"}};
constexpr Unit k_durations[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}};

std::string scaled(double number, std::span<const Unit> units) {
  // What rounds up to a thousand belongs to the next unit.
  std::size_t i = 0;
  while (i + 1 < units.size() && std::fabs(number) >= 999.5 * units[i].size) ++i;
  const double value = number / units[i].size;
  const double size = std::fabs(value);
  const int decimals = units[i].size == 1 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, decimals, units[i].name);
}

std::string moment(double time_ns) {
  constexpr double k_beyond = 9.2e18;
  if (std::fabs(time_ns) > k_beyond) return {};
  std::string text = iso8601_utc(static_cast<std::int64_t>(time_ns));
  if (const std::size_t at = text.find('T'); at != std::string::npos) text[at] = ' ';
  if (text.ends_with('Z')) text.pop_back();
  return text;
}

}  // namespace

std::string human_number(double number, Quantity quantity) {
  if (!std::isfinite(number)) return {};
  switch (quantity) {
    case Quantity::bytes:
      return scaled(number, k_bytes);
    case Quantity::duration_ns:
      return scaled(number, k_durations);
    case Quantity::time_ns:
      return moment(number);
    case Quantity::plain:
      break;
  }
  return {};
}

namespace {

/// Nearly every text is, and a table asks for each of its cells.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; });
}

void append_json_escape(std::string& out, char32_t code_point) {
  auto code = static_cast<std::uint32_t>(code_point);
  if (code > 0xFFFF) {
    code -= 0x10000;
    out += fmt::format("\\u{:04x}", 0xD800 | code >> 10U);
    code = 0xDC00 | (code & 0x3FFU);
  }
  out += fmt::format("\\u{:04x}", code);
}

}  // namespace

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
  return is_plain(text) ? std::string(text) : escape_control(text);
}

std::string visible_json(std::string_view json) {
  constexpr char32_t k_space_of_json = ' ';  // and what JSON itself forbids, below it
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(json);
    if (sequence.code_point > k_space_of_json && is_invisible(sequence.code_point)) {
      append_json_escape(out, sequence.code_point);
    } else {
      out += json.substr(0, sequence.length);
    }
    json.remove_prefix(sequence.length);
  }
  return out;
}

void append_safe_json_string(std::string& out, std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  out += is_plain(quoted) ? quoted : visible_json(quoted);
}

}  // namespace ktstr
