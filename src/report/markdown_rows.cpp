// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string_view>

#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_sample_rows = 1000;
// Everything that could end a cell or turn a foreign name into markup: HTML and its entities,
// links, formulas.
constexpr std::string_view k_special = "\\|`*<[~&$@";

bool is_word_byte(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || static_cast<unsigned char>(byte) >= 0x80;
}

/// An underscore within a word is one, at its edge it begins or ends an emphasis.
bool is_emphasis(std::string_view text, std::size_t at) {
  if (text[at] != '_') return false;
  const bool before = at > 0 && is_word_byte(text[at - 1]);
  return !before || at + 1 == text.size() || !is_word_byte(text[at + 1]);
}

bool ends_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.rbegin(), word.rend(), text.rbegin(),
                    [](char wanted, char byte) { return wanted == (byte | 0x20); });
}

/// An address becomes a link by itself, unless it is broken at its colon or first dot.
bool is_link(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  if (text[at] == '.') return ends_with_word(before, "www");
  return text[at] == ':' && (text.substr(at + 1).starts_with("//") ||
                             ends_with_word(before, "mailto") || ends_with_word(before, "xmpp"));
}

std::string markdown_text(std::string_view text) {
  const std::string shown = printable(text);
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool is_special = k_special.find(shown[i]) != std::string_view::npos;
    if (is_special || is_emphasis(shown, i) || is_link(shown, i)) out += '\\';
    out += shown[i];
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
