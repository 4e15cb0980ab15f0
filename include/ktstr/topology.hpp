// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The shape of a test's virtual machine.
struct Topology {
  std::uint32_t numa_nodes = 1;
  std::uint32_t llcs = 1;  ///< of all nodes together
  std::uint32_t cores_per_llc = 2;
  std::uint32_t threads_per_core = 1;

  /// "1n2l4c2t".
  [[nodiscard]] std::string label() const;
  /// LLCs x cores x threads; the largest number there is if that is too many.
  [[nodiscard]] std::uint64_t total_cpus() const;

  friend bool operator==(const Topology&, const Topology&) = default;
};

/// Reads a label: four positive 32-bit numbers, zeros or one "+" in front of each at most. Doesn't
/// ask whether a machine can be like that. None for anything else.
[[nodiscard]] std::optional<Topology> parse_topology(std::string_view label);

/// Error (usage): a zero, LLCs that don't divide among the nodes, or more than 32 bits of CPUs. If
/// the LLCs of each node are given, they must add up to all instead.
[[nodiscard]] Result<void> validate_topology(const Topology& topology,
                                             const std::vector<std::uint32_t>& llcs_per_node = {});

}  // namespace ktstr
#pragma GCC visibility pop
