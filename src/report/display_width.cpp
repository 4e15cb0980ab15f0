// SPDX-License-Identifier: MIT
#include "report/display_width.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "base/text.hpp"

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

}  // namespace ktstr
