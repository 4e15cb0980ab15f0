// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "environment/host_sources.hpp"

namespace ktstr {

struct HostTopology {
  std::uint64_t online_cpus = 0;
  std::uint64_t numa_nodes = 0;  ///< that have CPUs, as their last-level caches tell; at least 1
};

/// From /sys/devices/system/cpu. None if the list of online CPUs can't be read, or names none.
/// Where no cache is described, all CPUs count as sharing one, and so as one node.
[[nodiscard]] std::optional<HostTopology> probe_host_topology(const HostFiles& files);

}  // namespace ktstr
