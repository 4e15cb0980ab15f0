// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string_view>

#include "base/text.hpp"
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
    out += escape_control(rest.substr(0, plain));
    if (plain < rest.size()) out.push_back(rest[plain]);
    rest.remove_prefix(std::min(plain + 1, rest.size()));
  }
  return out;
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

void append_field(std::string& out, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    append_text_field(out, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out += exact_number(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    out += exact_number(*real);
  }
}

class CsvFormatter : public RowFormatter {
 public:
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& /*sample*/,
             std::string& out) override {
    columns_ = columns.size();
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) out += ",";
      append_text_field(out, columns[i].name);
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
  std::size_t columns_ = 0;
};

}  // namespace

std::unique_ptr<RowFormatter> make_csv_formatter() { return std::make_unique<CsvFormatter>(); }

}  // namespace ktstr
