// SPDX-License-Identifier: MIT
#include "ktstr/topology.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <numeric>

namespace ktstr {
namespace {

/// Digits with at most one plus sign in front; not 0.
std::optional<std::uint32_t> parse_count(std::string_view digits) {
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  std::uint32_t count = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, count);
  if (error != std::errc() || stop != end || count == 0) return std::nullopt;
  return count;
}

}  // namespace

std::string Topology::label() const {
  return std::to_string(numa_nodes) + "n" + std::to_string(llcs) + "l" +
         std::to_string(cores_per_llc) + "c" + std::to_string(threads_per_core) + "t";
}

std::uint64_t Topology::total_cpus() const {
  const std::uint64_t cores = std::uint64_t{llcs} * cores_per_llc;  // 64 bits hold it
  constexpr std::uint64_t k_most = std::numeric_limits<std::uint64_t>::max();
  if (threads_per_core != 0 && cores > k_most / threads_per_core) return k_most;
  return cores * threads_per_core;
}

std::optional<Topology> parse_topology(std::string_view label) {
  std::array<std::uint32_t, 4> counts = {};
  std::size_t start = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    // The first of its kind in the whole label: one that comes earlier breaks the order.
    const std::size_t end = label.find("nlct"[i]);
    if (end == std::string_view::npos || end < start) return std::nullopt;
    const auto count = parse_count(label.substr(start, end - start));
    if (!count) return std::nullopt;
    counts[i] = *count;
    start = end + 1;
  }
  if (start != label.size()) return std::nullopt;
  return Topology{counts[0], counts[1], counts[2], counts[3]};
}

Result<void> validate_topology(const Topology& topology,
                               const std::vector<std::uint32_t>& llcs_per_node) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::usage, "topology " + topology.label() + ": " + why);
  };
  if (topology.numa_nodes == 0 || topology.llcs == 0 || topology.cores_per_llc == 0 ||
      topology.threads_per_core == 0) {
    return refuse("no part may be 0");
  }
  if (llcs_per_node.empty()) {
    if (topology.llcs % topology.numa_nodes != 0) {
      return refuse("the LLCs don't divide evenly among the NUMA nodes");
    }
  } else if (std::accumulate(llcs_per_node.begin(), llcs_per_node.end(), std::uint64_t{0}) !=
             topology.llcs) {
    return refuse("the LLCs of the NUMA nodes don't add up to all");
  }
  if (topology.total_cpus() > std::numeric_limits<std::uint32_t>::max()) {
    return refuse("more CPUs than 32 bits can count");
  }
  return {};
}

}  // namespace ktstr
