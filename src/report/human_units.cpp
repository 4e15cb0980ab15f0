// SPDX-License-Identifier: MIT
#include "report/human_units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "base/time_text.hpp"

namespace ktstr {
namespace {

struct Unit {
  double size;
  const char* name;
};
constexpr Unit k_bytes[] = {
    {1, "B"}, {0x1p10, "KiB"}, {0x1p20, "MiB"}, {0x1p30, "GiB"}, {0x1p40, "TiB"}};
constexpr Unit k_durations[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}};

std::string scaled(double number, std::span<const Unit> units) {
  // What rounds up to a thousand belongs to the next unit.
  std::size_t i = 0;
  while (i + 1 < units.size() && std::fabs(number) >= 999.5 * units[i].size) ++i;
  const double value = number / units[i].size;
  const double size = std::fabs(value);
  const int decimals = units[i].size == 1 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, decimals, units[i].name);
}

std::string moment(double time_ns) {
  constexpr double k_beyond = 9.2e18;
  if (std::fabs(time_ns) > k_beyond) return {};
  std::string text = iso8601_utc(static_cast<std::int64_t>(time_ns));
  if (const std::size_t at = text.find('T'); at != std::string::npos) text[at] = ' ';
  if (text.ends_with('Z')) text.pop_back();
  return text;
}

}  // namespace

std::string human_number(double number, Quantity quantity) {
  if (!std::isfinite(number)) return {};
  switch (quantity) {
    case Quantity::bytes:
      return scaled(number, k_bytes);
    case Quantity::duration_ns:
      return scaled(number, k_durations);
    case Quantity::time_ns:
      return moment(number);
    case Quantity::plain:
      break;
  }
  return {};
}

}  // namespace ktstr
