// SPDX-License-Identifier: MIT
#include "base/size_text.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include "base/text.hpp"

namespace ktstr {
namespace {

/// 1 for no unit; nothing for one that there isn't.
std::optional<double> unit_bytes(std::string_view unit) {
  std::string letters;
  for (const char letter : unit) {
    letters += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  if (letters.ends_with("IB") && letters.size() == 3) letters.resize(1);
  if (letters.ends_with('B')) letters.pop_back();
  if (letters.empty()) return 1;
  constexpr std::string_view k_letters = "KMGT";
  const std::size_t power =
      letters.size() == 1 ? k_letters.find(letters[0]) : std::string_view::npos;
  if (power == std::string_view::npos) return std::nullopt;
  return std::ldexp(1.0, static_cast<int>(10 * (power + 1)));
}

}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  const std::string_view trimmed = trim(text);
  double number = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [rest, problem] =
      std::from_chars(trimmed.data(), end, number, std::chars_format::fixed);
  if (problem != std::errc() || trimmed.front() == '-') return std::nullopt;
  const auto unit = unit_bytes(trim(std::string_view(rest, static_cast<std::size_t>(end - rest))));
  if (!unit || !std::isfinite(number) || number * *unit >= 9.2e18) return std::nullopt;
  return static_cast<std::int64_t>(number * *unit);
}

}  // namespace ktstr
