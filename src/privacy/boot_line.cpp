// SPDX-License-Identifier: MIT
#include "privacy/boot_line.hpp"

#include <algorithm>
#include <array>

namespace ktstr {
namespace {

constexpr std::array<std::string_view, 53> k_names = {"amd_pstate",
                                                      "clocksource",
                                                      "default_hugepagesz",
                                                      "highres",
                                                      "hpet",
                                                      "hugepages",
                                                      "hugepagesz",
                                                      "idle",
                                                      "intel_pstate",
                                                      "irqaffinity",
                                                      "isolcpus",
                                                      "kthread_cpus",
                                                      "ktstr_index.synthetic",
                                                      "maxcpus",
                                                      "mitigations",
                                                      "nmi_watchdog",
                                                      "no_timer_check",
                                                      "nohalt",
                                                      "nohlt",
                                                      "nohz",
                                                      "nohz_full",
                                                      "nopti",
                                                      "nopvspin",
                                                      "nosmp",
                                                      "nosmt",
                                                      "nosoftlockup",
                                                      "nospectre_v1",
                                                      "nospectre_v2",
                                                      "nowatchdog",
                                                      "nr_cpus",
                                                      "possible_cpus",
                                                      "preempt",
                                                      "psi",
                                                      "pti",
                                                      "rcu_nocb_poll",
                                                      "rcu_nocbs",
                                                      "relax_domain_level",
                                                      "retbleed",
                                                      "schedstats",
                                                      "skew_tick",
                                                      "softlockup_panic",
                                                      "spec_store_bypass_disable",
                                                      "spectre_v2",
                                                      "stop_machine",
                                                      "systemd.unified_cgroup_hierarchy",
                                                      "threadirqs",
                                                      "timer_migration",
                                                      "topology",
                                                      "transparent_hugepage",
                                                      "tsc",
                                                      "tsx_async_abort",
                                                      "watchdog",
                                                      "watchdog_thresh"};

constexpr std::array<std::string_view, 13> k_beginnings = {
    "cgroup_",    "cpufreq.",  "cpuidle.", "hugetlb_", "intel_idle.", "numa_",
    "processor.", "rcupdate.", "rcutree.", "sched.",   "sched_",      "sysctl.kernel.sched_",
    "workqueue."};

/// With the quotes that hold spaces together.
std::size_t parameter_length(std::string_view line) {
  bool is_quoted = false;
  std::size_t length = 0;
  for (; length < line.size(); ++length) {
    const char c = line[length];
    if (c == '"') is_quoted = !is_quoted;
    if (!is_quoted && static_cast<unsigned char>(c) <= ' ') break;
  }
  return length;
}

bool is_plain_value(std::string_view value, const HostNames& hosts) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_,.:+-*=^").find(c) != std::string_view::npos;
  };
  return std::all_of(value.begin(), value.end(), is_plain) &&
         find_private(value, TextKind::free, hosts).empty();
}

bool stays(std::string_view parameter, const HostNames& hosts) {
  const std::size_t equals = std::min(parameter.find('='), parameter.size());
  return is_scheduling_parameter(parameter.substr(0, equals)) &&
         is_plain_value(parameter.substr(equals), hosts);
}

}  // namespace

bool is_scheduling_parameter(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '.';
  };
  if (!std::all_of(plain.begin(), plain.end(), is_plain)) return false;
  return std::find(k_names.begin(), k_names.end(), plain) != k_names.end() ||
         std::any_of(k_beginnings.begin(), k_beginnings.end(),
                     [&](std::string_view beginning) { return plain.starts_with(beginning); });
}

ReducedBootLine reduce_boot_line(std::string_view line, const HostNames& hosts) {
  ReducedBootLine reduced;
  while (!line.empty()) {
    const std::size_t length = parameter_length(line);
    const std::string_view parameter = line.substr(0, length);
    line.remove_prefix(std::max<std::size_t>(length, 1));
    if (parameter.empty()) continue;
    if (!stays(parameter, hosts)) {
      ++reduced.removed;
      continue;
    }
    if (!reduced.text.empty()) reduced.text += ' ';
    reduced.text += parameter;
  }
  return reduced;
}

}  // namespace ktstr
