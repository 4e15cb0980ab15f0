// SPDX-License-Identifier: MIT
#include <string_view>

#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_sample_rows = 1000;
// Everything that could end a cell or turn a foreign name into markup, links and HTML included.
constexpr std::string_view k_special = "\\|`*<[~";

std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (k_special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string markdown_cell(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return markdown_text(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return exact_number(*integer);
  if (const auto* real = std::get_if<double>(&value)) return exact_number(*real);
  return {};
}

class MarkdownFormatter : public RowFormatter {
 public:
  [[nodiscard]] std::size_t sample_size() const override { return k_sample_rows; }
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& sample,
             std::string& out) override {
    columns_ = columns.size();
    if (columns_ == 0) return;
    for (const RowColumn& column : columns) out += "| " + markdown_text(column.name) + " ";
    out += "|\n";
    for (const bool number : number_columns(columns_, sample)) out += number ? "| ---: " : "| --- ";
    out += "|\n";
  }
  void row(const Row& row, std::string& out) override {
    if (columns_ == 0) return;
    for (std::size_t i = 0; i < columns_; ++i) {
      const std::string cell = markdown_cell(value_at(row, i));
      out += cell.empty() ? "| " : "| " + cell + " ";
    }
    out += "|\n";
  }
  void end(const RowsEnd& /*end*/, std::string& /*out*/) override {}

 private:
  std::size_t columns_ = 0;
};

}  // namespace

std::unique_ptr<RowFormatter> make_markdown_formatter() {
  return std::make_unique<MarkdownFormatter>();
}

}  // namespace ktstr
