// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

// RFC 4180 ends every line with both; spreadsheets and csv libraries expect it.
constexpr std::string_view k_line_end = "\r\n";
constexpr std::string_view k_kept_controls = "\t\r\n";

/// Tabs and line breaks stay as data, since quotes make them harmless; every other control
/// character is escaped, or it would reach the terminal that the file is shown on.
std::string csv_text(std::string_view rest) {
  std::string out;
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find_first_of(k_kept_controls), rest.size());
    out += escape_terminal_control(rest.substr(0, plain));
    if (plain < rest.size()) out.push_back(rest[plain]);
    rest.remove_prefix(std::min(plain + 1, rest.size()));
  }
  return out;
}

/// What a spreadsheet computes instead of showing it: a text that begins with one of these, or with
/// the wide form of one.
bool begins_formula(std::string_view text) {
  if (text.empty()) return false;
  if (std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) return true;
  constexpr std::array<std::string_view, 4> k_wide = {"＝", "＋", "－", "＠"};
  return std::any_of(k_wide.begin(), k_wide.end(),
                     [&](std::string_view sign) { return text.starts_with(sign); });
}

/// Empty text is quoted and so differs from NULL for the readers that look.
void append_text_field(std::string& out, std::string_view text) {
  const std::string field = csv_text(text);
  if (!field.empty() && field.find_first_of(",\"\r\n") == std::string::npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class CsvFormatter : public RowFormatter {
 public:
  explicit CsvFormatter(bool is_for_spreadsheet) : is_for_spreadsheet_(is_for_spreadsheet) {}
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& /*sample*/,
             std::string& out) override {
    columns_ = columns.size();
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) out += ",";
      append_text(out, columns[i].name);
    }
    if (columns_ > 0) out += k_line_end;
  }
  void row(const Row& row, std::string& out) override {
    const std::size_t start = out.size();
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) out += ",";
      append_field(out, value_at(row, i));
    }
    // Readers skip an empty line, and with it the NULL of a single column.
    if (out.size() == start) out += R"("")";
    out += k_line_end;
  }
  void end(const RowsEnd& /*end*/, std::string& /*out*/) override {}

 private:
  void append_text(std::string& out, std::string_view text) const {
    const bool is_marked = is_for_spreadsheet_ && begins_formula(text);
    append_text_field(out, is_marked ? "'" + std::string(text) : std::string(text));
  }
  void append_field(std::string& out, const Value& value) const {
    if (const auto* text = std::get_if<std::string>(&value)) {
      append_text(out, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      out += exact_number(*integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      out += exact_number(*real);
    }
  }

  bool is_for_spreadsheet_;
  std::size_t columns_ = 0;
};

}  // namespace

std::unique_ptr<RowFormatter> make_csv_formatter(bool is_for_spreadsheet) {
  return std::make_unique<CsvFormatter>(is_for_spreadsheet);
}

}  // namespace ktstr
