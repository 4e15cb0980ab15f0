// SPDX-License-Identifier: MIT
#include "analysis/kvm_averages.hpp"

namespace ktstr {
namespace {

using Counter = std::uint64_t KvmTotals::*;

// Sums wrap, as those of the harness's release build do.
std::uint64_t sum(const std::vector<KvmTotals>& vms, Counter counter) {
  std::uint64_t total = 0;
  for (const KvmTotals& vm : vms) total += vm.*counter;
  return total;
}

/// A VM without virtual CPUs has 0 of everything and still is one of the VMs.
std::uint64_t average(const std::vector<KvmTotals>& vms, Counter counter) {
  std::uint64_t total = 0;
  for (const KvmTotals& vm : vms) total += vm.vcpus == 0 ? 0 : vm.*counter / vm.vcpus;
  return total / vms.size();
}

}  // namespace

std::optional<KvmAverages> kvm_averages(const std::vector<KvmTotals>& vms) {
  if (vms.empty()) return std::nullopt;
  KvmAverages averages;
  averages.vms = vms.size();
  averages.exits = average(vms, &KvmTotals::exits);
  if (averages.exits == 0) return std::nullopt;
  averages.halt_exits = average(vms, &KvmTotals::halt_exits);
  averages.halt_wait_ms = static_cast<double>(average(vms, &KvmTotals::halt_wait_ns)) / 1'000'000;
  const std::uint64_t polls = sum(vms, &KvmTotals::halt_attempted_poll);
  if (polls > 0) {
    averages.poll_ok_pct = static_cast<double>(sum(vms, &KvmTotals::halt_successful_poll)) /
                           static_cast<double>(polls) * 100;
  }
  averages.preempted = average(vms, &KvmTotals::preemption_reported);
  averages.signal_exits = average(vms, &KvmTotals::signal_exits);
  averages.hypercalls = average(vms, &KvmTotals::hypercalls);
  averages.preemptions = sum(vms, &KvmTotals::preemption_reported);
  return averages;
}

}  // namespace ktstr
