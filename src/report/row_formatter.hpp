// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// How a command shows its rows.
enum class Format { table, json, jsonl, csv, markdown };

/// "table", "json", "jsonl", "csv" or "markdown".
[[nodiscard]] const char* format_name(Format format);
/// The names in the order in which help shows them.
[[nodiscard]] const std::vector<std::string>& format_names();
/// Error (code usage) for any other name.
[[nodiscard]] Result<Format> parse_format(std::string_view name);

/// A number as people read it: bytes as "21.4 KiB", a duration as "1.25 ms", a moment as
/// "2026-07-04 21:41:43" (UTC); three digits of a size or a duration. A plain one is "".
[[nodiscard]] std::string human_number(double number, Quantity quantity);

// The inside of render_rows: one small class per format that turns rows into text. Callers include
// row_renderer.hpp.

using Row = std::vector<Value>;

/// What is known only when the last row has gone by.
struct RowsEnd {
  std::uint64_t count = 0;
  bool stale = false;
};

/// Appends to `out`, which its caller empties now and then. `begin` once, `row` for each row, those
/// of the sample included, `end` once.
class RowFormatter {
 public:
  virtual ~RowFormatter() = default;
  /// How many rows `begin` wants to see first, to learn widths and types.
  [[nodiscard]] virtual std::size_t sample_size() const { return 1; }
  virtual void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& sample,
                     std::string& out) = 0;
  virtual void row(const Row& row, std::string& out) = 0;
  virtual void end(const RowsEnd& end, std::string& out) = 0;
  [[nodiscard]] virtual std::vector<std::string> dropped_columns() const { return {}; }
};

[[nodiscard]] std::unique_ptr<RowFormatter> make_json_formatter();
[[nodiscard]] std::unique_ptr<RowFormatter> make_jsonl_formatter();
[[nodiscard]] std::unique_ptr<RowFormatter> make_csv_formatter(bool is_for_spreadsheet);
[[nodiscard]] std::unique_ptr<RowFormatter> make_markdown_formatter();
[[nodiscard]] std::unique_ptr<RowFormatter> make_table_formatter(int width, bool color);

/// The row's value in column `i`; NULL where the row is too short.
[[nodiscard]] const Value& value_at(const Row& row, std::size_t i);

/// For each column, whether the sample has numbers in it and no text.
[[nodiscard]] std::vector<bool> number_columns(std::size_t columns, const std::vector<Row>& sample);

/// A number in full: a double reads back as the same double. Non-finite ones are "inf", "nan".
[[nodiscard]] std::string exact_number(std::int64_t number);
[[nodiscard]] std::string exact_number(double number);

/// A number for the eye: up to six significant digits, and no exponent where whole digits say it.
[[nodiscard]] std::string readable_number(double number);

/// Text as valid UTF-8: what can't be seen (is_invisible) and invalid bytes are shown as escapes.
[[nodiscard]] std::string printable(std::string_view text);

/// Valid JSON with whatever can't be seen in its strings (is_invisible) as escapes.
[[nodiscard]] std::string visible_json(std::string_view json);

/// A JSON string; besides what JSON asks for, whatever else can't be seen (is_invisible) is escaped
/// too, which means the same to whoever reads it.
void append_safe_json_string(std::string& out, std::string_view text);

}  // namespace ktstr
