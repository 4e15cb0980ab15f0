// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ktstr/record.hpp"

namespace ktstr {

/// One fact of a host; each governor, tunable and heap number is one.
struct HostFact {
  std::string name;  ///< "arch", "cpufreq_governor.cpu3", "sched_tunables.sched_schedstats"
  std::optional<std::string> value = {};
};

/// The facts of one value that the harness's forms begin with, in their order.
[[nodiscard]] std::vector<HostFact> single_host_facts(const HostContext& host);
/// Of its allocator, in the order of the forms.
[[nodiscard]] std::vector<HostFact> heap_facts(const HostHeapState& heap);

/// Every fact in the order of the harness's text form, single ones that are absent too; then the
/// two that this form has no place for, task_delayacct and config_task_xacct.
[[nodiscard]] std::vector<HostFact> host_facts(const HostContext& host);

struct HostDifference {
  std::string name;
  std::string before;  ///< "(unknown)", "(absent)" and the like stand for what isn't there
  std::string after;
};

/// Of two lists with the same names in the same order.
[[nodiscard]] std::vector<HostDifference> fact_differences(const std::vector<HostFact>& before,
                                                           const std::vector<HostFact>& after);

/// The facts that differ, of those that the harness's own form compares, but for the heap, which
/// belongs to a process and not to a host.
[[nodiscard]] std::vector<HostDifference> known_differences(const HostContext& before,
                                                            const HostContext& after);
/// These and the two that the harness's form has no place for.
[[nodiscard]] std::vector<HostDifference> host_differences(const HostContext& before,
                                                           const HostContext& after);

/// The same with one entry, "cpufreq_governor (64 CPUs)", for all CPUs whose governor changed
/// alike; where the first of them stood.
[[nodiscard]] std::vector<HostDifference> condensed(std::vector<HostDifference> differences);

/// "  name: before → after" lines as host_diff has them, control characters escaped.
[[nodiscard]] std::string host_differences_text(const std::vector<HostDifference>& differences);

}  // namespace ktstr
