// SPDX-License-Identifier: MIT
#include "report/table.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/text.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// In ascending order, for the binary search. Blocks, not single characters: enough for the names
// that people give to tests, hosts and files.
constexpr std::array k_no_width = {
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489},   Range{0x0591, 0x05BD}, Range{0x0610, 0x061A},
    Range{0x064B, 0x065F}, Range{0x0E34, 0x0E3A},   Range{0x0E47, 0x0E4E}, Range{0x1AB0, 0x1AFF},
    Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200F},   Range{0x202A, 0x202E}, Range{0x2060, 0x206F},
    Range{0x20D0, 0x20FF}, Range{0x3099, 0x309A},   Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F},
    Range{0xFEFF, 0xFEFF}, Range{0xE0100, 0xE01EF},
};
constexpr std::array k_two_cells = {
    Range{0x1100, 0x115F},   Range{0x231A, 0x231B},   Range{0x23E9, 0x23EC},
    Range{0x2705, 0x2705},   Range{0x274C, 0x274C},   Range{0x2E80, 0x303E},
    Range{0x3041, 0x33FF},   Range{0x3400, 0x4DBF},   Range{0x4E00, 0x9FFF},
    Range{0xA000, 0xA4CF},   Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},
    Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF},
    Range{0x1F900, 0x1F9FF}, Range{0x1FA70, 0x1FAFF}, Range{0x20000, 0x3FFFD},
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t code) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), code,
                       [](char32_t c, const Range& range) { return c < range.first; });
  return after != ranges.begin() && code <= std::prev(after)->last;
}

struct Character {
  std::size_t bytes = 1;
  int width = 1;
};

Character first_character(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) return {};
  const Utf8Sequence sequence = first_utf8_sequence(text);
  if (!sequence.valid) return {};
  if (is_in(k_no_width, sequence.code_point)) return {sequence.length, 0};
  return {sequence.length, is_in(k_two_cells, sequence.code_point) ? 2 : 1};
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += character.width;
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string cut_to_width(std::string_view text, int width) {
  if (width <= 0) return {};
  std::size_t kept = 0;  // bytes that leave room for the ellipsis
  std::size_t at = 0;
  int cells = 0;
  while (at < text.size()) {
    const Character character = first_character(text.substr(at));
    cells += character.width;
    if (cells > width) return std::string(text.substr(0, kept)) + "…";
    at += character.bytes;
    if (cells <= width - 1) kept = at;
  }
  return std::string(text);
}

void append_padded(std::string& out, std::string_view text, int width, bool right) {
  const int missing = std::max(0, width - display_width(text));
  if (right) out.append(static_cast<std::size_t>(missing), ' ');
  out.append(text);
  if (!right) out.append(static_cast<std::size_t>(missing), ' ');
}

std::string padded_name(std::string_view name, std::size_t width) {
  std::string shown = printable(name);
  std::size_t scalars = 0;
  for (std::string_view rest = shown; !rest.empty(); ++scalars) {
    rest.remove_prefix(first_utf8_sequence(rest).length);
  }
  if (scalars < width) shown.append(width - scalars, ' ');
  return shown;
}

namespace {

// Text narrower than this says too little: rather drop another column.
constexpr int k_text_minimum = 12;
// The last resort, when no more columns may go.
constexpr int k_text_floor = 4;
// A header that is wider than its column's cells gives way to this before any cell is cut. Names of
// metrics often begin alike.
constexpr int k_text_header_minimum = 8;
constexpr int k_number_header_minimum = 14;
// Without a limit one monstrous cell must not pad every other row to its width.
constexpr int k_alignment_limit = 256;

struct Fit {
  std::vector<ColumnWish> wishes;
  std::vector<ColumnPlace> places;
  bool at_floor = false;

  [[nodiscard]] int minimum(std::size_t i) const {
    const ColumnWish& wish = wishes[i];
    if (wish.is_number) return wish.natural_width;
    if (at_floor) return std::min(wish.natural_width, k_text_floor);
    if (wish.least_width > 0) return std::min(wish.natural_width, wish.least_width);
    return std::min(wish.natural_width, std::max(k_text_minimum, wish.header_width));
  }
  [[nodiscard]] int capped(std::size_t i, int cap) const {
    return std::max(minimum(i), std::min(wishes[i].natural_width, cap));
  }
  /// The line's width when no text is wider than `cap`, except by its minimum.
  [[nodiscard]] std::int64_t line_width(int cap) const {
    std::int64_t sum = -k_gutter;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      if (places[i].shown) sum += capped(i, cap) + k_gutter;
    }
    return sum;
  }
  /// False if every column that may go has gone.
  bool drop_one() {
    std::size_t victim = wishes.size();
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      if (!places[i].shown || wishes[i].priority <= 0) continue;
      if (victim == wishes.size() || wishes[i].priority >= wishes[victim].priority) victim = i;
    }
    if (victim == wishes.size()) return false;
    places[victim].shown = false;
    return true;
  }
};

/// Takes from headers what the cells below them don't need, and gives back what is left over.
void narrow_headers(Fit& fit, int width) {
  const std::vector<ColumnWish> whole = fit.wishes;
  for (ColumnWish& wish : fit.wishes) {
    if (wish.content_width == 0) continue;
    int least = wish.is_number ? k_number_header_minimum : k_text_header_minimum;
    if (wish.is_number && wish.least_width > 0) least = wish.least_width;
    wish.natural_width = std::max(wish.content_width, std::min(wish.header_width, least));
    wish.header_width = std::min(wish.header_width, wish.natural_width);
  }
  std::int64_t spare = width - fit.line_width(width);
  for (std::size_t i = 0; i < fit.wishes.size() && spare > 0; ++i) {
    const std::int64_t more =
        std::min<std::int64_t>(spare, whole[i].natural_width - fit.wishes[i].natural_width);
    fit.wishes[i].natural_width += static_cast<int>(more);
    spare -= more;
  }
}

void narrow(Fit& fit, int width) {
  int cap = width;
  while (cap > 0 && fit.line_width(cap) > width) --cap;
  std::int64_t spare = std::max<std::int64_t>(0, width - fit.line_width(cap));
  for (std::size_t i = 0; i < fit.wishes.size(); ++i) {
    fit.places[i].width = fit.capped(i, cap);
    // The cap is a whole number for all, so some cells may be left over.
    const bool wants_more = fit.places[i].width < fit.wishes[i].natural_width;
    if (fit.places[i].shown && wants_more && spare > 0) {
      ++fit.places[i].width;
      --spare;
    }
  }
}

}  // namespace

std::vector<ColumnPlace> fit_columns(const std::vector<ColumnWish>& wishes, int width) {
  Fit fit{wishes, std::vector<ColumnPlace>(wishes.size())};
  if (width <= 0) {
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      fit.places[i].width = std::min(wishes[i].natural_width, k_alignment_limit);
    }
    return fit.places;
  }
  if (fit.line_width(width) > width) narrow_headers(fit, width);
  bool more = true;
  while (more && fit.line_width(0) > width) more = fit.drop_one();
  fit.at_floor = fit.line_width(0) > width;
  narrow(fit, width);
  return fit.places;
}

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
