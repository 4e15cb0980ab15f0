// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "analysis/kvm_averages.hpp"
#include "ktstr/run_report.hpp"

namespace ktstr {

std::string kvm_text(const RunReport& report) {
  const auto averages = kvm_averages(report.kvm);
  if (!averages) return {};
  std::string text = fmt::format("\n=== KVM STATS (avg across {} VMs) ===\n\n", averages->vms);
  text += fmt::format("  exits/vcpu  {:>7}   halt/vcpu     {:>5}   halt_wait_ms {:>7.1f}\n",
                      averages->exits, averages->halt_exits, averages->halt_wait_ms);
  text += fmt::format("  poll_ok%    {:>6.1f}%   preempted/vcpu {:>4}   signal/vcpu  {:>7}\n",
                      averages->poll_ok_pct, averages->preempted, averages->signal_exits);
  if (averages->hypercalls > 0) {
    text += fmt::format("  hypercalls/vcpu {:>4}\n", averages->hypercalls);
  }
  if (averages->preempted > 0) {
    text += fmt::format(
        "\n  WARNING: {} host preemptions detected -- timing results may be unreliable\n",
        averages->preemptions);
  }
  return text;
}

}  // namespace ktstr
