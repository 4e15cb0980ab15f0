// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string_view>

#include "report/display_width.hpp"
#include "report/human_units.hpp"
#include "report/row_formatter.hpp"
#include "report/table_layout.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_sample_rows = 1000;
constexpr std::string_view k_reset = "\x1b[0m";

std::string capitals(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return printable(out);
}

std::string table_cell(const Value& value, Quantity quantity) {
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (quantity != Quantity::plain) {
    const auto* whole = std::get_if<std::int64_t>(&value);
    const auto* real = std::get_if<double>(&value);
    std::string human;
    if (whole != nullptr) human = human_number(static_cast<double>(*whole), quantity);
    if (real != nullptr) human = human_number(*real, quantity);
    if (!human.empty()) return human;
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return exact_number(*integer);
  if (const auto* real = std::get_if<double>(&value)) return readable_number(*real);
  return "-";
}

std::string_view verdict_color(std::string_view verdict) {
  if (verdict == "pass") return "\x1b[32m";
  if (verdict == "fail") return "\x1b[31m";
  if (verdict == "inconclusive") return "\x1b[33m";
  if (verdict == "skip") return "\x1b[2m";
  return {};
}

/// Widths come from the first rows. A later cell that is too long is cut if the terminal's width
/// is a limit; else it pushes its row to the right. Numbers are never cut.
class TableFormatter : public RowFormatter {
 public:
  TableFormatter(int width, bool color) : width_(width), color_(color) {}

  [[nodiscard]] std::size_t sample_size() const override { return k_sample_rows; }

  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& sample,
             std::string& out) override {
    numbers_ = number_columns(columns.size(), sample);
    std::vector<std::string> headers;
    std::vector<ColumnWish> wishes;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      headers.push_back(capitals(columns[i].name));
      const int header_width = display_width(headers.back());
      int content = 1;
      for (const Row& row : sample) {
        content =
            std::max(content, display_width(table_cell(value_at(row, i), columns[i].quantity)));
      }
      wishes.push_back({header_width, std::max(header_width, content), numbers_[i],
                        columns[i].priority, columns[i].least_width, content});
      verdicts_.push_back(color_ && columns[i].name == "verdict");
      quantities_.push_back(columns[i].quantity);
    }
    places_ = fit_columns(wishes, width_);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!places_[i].shown) dropped_.push_back(columns[i].name);
    }
    append_header(headers, out);
  }

  void row(const Row& row, std::string& out) override {
    Line line{out, out.size()};
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (!places_[i].shown) continue;
      const Value& value = value_at(row, i);
      std::string cell = table_cell(value, quantities_[i]);
      const std::string_view color = verdicts_[i] ? verdict_color(cell) : std::string_view{};
      if (width_ > 0 && std::holds_alternative<std::string>(value)) {
        cell = cut_to_width(cell, places_[i].width);
      }
      line.put(cell, places_[i].width, numbers_[i], color);
    }
    line.end();
  }

  void end(const RowsEnd& /*end*/, std::string& /*out*/) override {}

  [[nodiscard]] std::vector<std::string> dropped_columns() const override { return dropped_; }

 private:
  /// A line that grows cell by cell and ends without trailing spaces.
  struct Line {
    std::string& out;
    std::size_t text_end = 0;
    bool first = true;

    void put(std::string_view cell, int width, bool right, std::string_view color) {
      if (!first) out.append(k_gutter, ' ');
      first = false;
      const int missing = std::max(0, width - display_width(cell));
      if (right) out.append(static_cast<std::size_t>(missing), ' ');
      out += color;
      out += cell;
      if (!color.empty()) out += k_reset;
      if (!cell.empty()) text_end = out.size();
      if (!right) out.append(static_cast<std::size_t>(missing), ' ');
    }
    void end() {
      out.resize(text_end);
      if (!first) out += "\n";
    }
  };

  void append_header(const std::vector<std::string>& headers, std::string& out) const {
    Line line{out, out.size()};
    for (std::size_t i = 0; i < headers.size(); ++i) {
      if (!places_[i].shown) continue;
      const int width = places_[i].width;
      line.put(width_ > 0 ? cut_to_width(headers[i], width) : headers[i], width, numbers_[i], {});
    }
    line.end();
  }

  int width_;
  bool color_;
  std::vector<bool> numbers_;
  std::vector<bool> verdicts_;
  std::vector<Quantity> quantities_;
  std::vector<ColumnPlace> places_;
  std::vector<std::string> dropped_;
};

}  // namespace

std::unique_ptr<RowFormatter> make_table_formatter(int width, bool color) {
  return std::make_unique<TableFormatter>(width, color);
}

}  // namespace ktstr
