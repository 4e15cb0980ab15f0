// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ktstr/run_report.hpp"

namespace ktstr {

/// What KVM counted, per virtual CPU on the average of the VMs; each division drops its remainder.
struct KvmAverages {
  std::uint64_t vms = 0;
  std::uint64_t exits = 0;
  std::uint64_t halt_exits = 0;
  double halt_wait_ms = 0;
  double poll_ok_pct = 0;  ///< of all polls of all VMs; 0 without any
  std::uint64_t preempted = 0;
  std::uint64_t signal_exits = 0;
  std::uint64_t hypercalls = 0;
  std::uint64_t preemptions = 0;  ///< the sum over all VMs, no average
};

/// None without VMs or where the average of exits is 0. Pure; thread-safe.
[[nodiscard]] std::optional<KvmAverages> kvm_averages(const std::vector<KvmTotals>& vms);

}  // namespace ktstr
