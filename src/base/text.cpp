// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace ktstr {
namespace {

constexpr std::string_view k_hex_digits = "0123456789abcdef";
constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

/// What a lead byte promises. The range of the second byte is where overlong forms, surrogates
/// and too large code points are kept out; later bytes are always 80..BF.
struct Lead {
  std::size_t length = 0;  ///< 0: no sequence starts with this byte
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

/// How many bytes of ASCII `bytes` starts with, in steps of eight; most text is nothing else.
std::size_t ascii_blocks(std::string_view bytes) {
  std::size_t offset = 0;
  for (; offset + 8 <= bytes.size(); offset += 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, bytes.data() + offset, 8);
    if ((block & 0x8080808080808080) != 0) break;
  }
  return offset;
}

bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

}  // namespace

Utf8Sequence first_utf8_sequence(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  const Lead lead = lead_of(first);
  if (lead.length == 0) return {1, 0, false};
  if (lead.length == 1) return {1, first, true};
  char32_t code_point = first & (0x7FU >> lead.length);
  for (std::size_t i = 1; i < lead.length; ++i) {
    const unsigned char low = i == 1 ? lead.second_min : 0x80;
    const unsigned char high = i == 1 ? lead.second_max : 0xBF;
    if (i >= bytes.size()) return {i, 0, false};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < low || byte > high) return {i, 0, false};
    code_point = code_point << 6 | (byte & 0x3FU);
  }
  return {lead.length, code_point, true};
}

bool is_valid_utf8(std::string_view bytes) {
  bytes.remove_prefix(ascii_blocks(bytes));
  while (!bytes.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(bytes);
    if (!sequence.valid) return false;
    bytes.remove_prefix(sequence.length);
    if (sequence.length > 1) bytes.remove_prefix(ascii_blocks(bytes));
  }
  return true;
}

std::string lossy_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(bytes);
    out += sequence.valid ? bytes.substr(0, sequence.length) : k_replacement;
    bytes.remove_prefix(sequence.length);
  }
  return out;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
  // One row of the table of distances between beginnings of the two texts.
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::optional<std::string> closest(std::string_view wanted,
                                   const std::vector<std::string>& candidates) {
  std::size_t best_distance = std::max<std::size_t>(3, wanted.size() / 3) + 1;
  std::optional<std::string> best;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t end = text.find(separator);
  while (end != std::string_view::npos) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
    end = text.find(separator);
  }
  parts.push_back(text);
  return parts;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string hex16(std::uint64_t number) {
  std::string out(16, '0');
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, number >>= 4) {
    *digit = k_hex_digits[number & 0xF];
  }
  return out;
}

}  // namespace ktstr
