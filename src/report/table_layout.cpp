// SPDX-License-Identifier: MIT
#include "report/table_layout.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ktstr {
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

}  // namespace ktstr
