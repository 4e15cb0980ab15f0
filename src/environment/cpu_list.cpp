// SPDX-License-Identifier: MIT
#include "environment/cpu_list.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "environment/proc_text.hpp"
#include "environment/unicode_space.hpp"

namespace ktstr {
namespace {

struct CpuRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::optional<CpuRange> parse_range(std::string_view part) {
  const std::size_t dash = part.find('-');
  const auto first = parse_u64(part.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return CpuRange{*first, *first};
  const auto last = parse_u64(part.substr(dash + 1));
  if (!last) return std::nullopt;
  return CpuRange{*first, *last};
}

/// False if the list would become too long.
bool append_range(std::vector<std::uint64_t>& cpus, const CpuRange& range) {
  if (range.last < range.first) return true;
  const std::uint64_t steps = range.last - range.first;
  if (steps >= k_most_listed_cpus - cpus.size()) return false;
  for (std::uint64_t step = 0; step <= steps; ++step) cpus.push_back(range.first + step);
  return true;
}

}  // namespace

std::optional<std::vector<std::uint64_t>> parse_cpu_list(std::string_view text) {
  std::vector<std::uint64_t> cpus;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view trimmed = trim_unicode(part);
    if (trimmed.empty()) continue;
    const auto range = parse_range(trimmed);
    if (!range || !append_range(cpus, *range)) return std::nullopt;
  }
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

}  // namespace ktstr
