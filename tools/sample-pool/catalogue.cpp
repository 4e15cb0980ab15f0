// SPDX-License-Identifier: MIT
#include "catalogue.hpp"

#include <algorithm>

namespace ktstr::sample {
namespace {

constexpr WorkProfile k_work[] = {
    {"SpinWait", 28'900, 0, 0, 0.4, 0.7},  {"FutexPingPong", 57'000, 6.1, 0, 38, 21},
    {"Schbench", 1'240, 9.4, 0, 44, 60},   {"Taobench", 41'500, 12.5, 0, 27, 48},
    {"TimerLatency", 1'000, 0, 54, 96, 3}, {"IoSyncWrite", 420, 38, 0, 62, 9},
    {"YieldHeavy", 412'000, 0, 0, 12, 16}, {"PipeIo", 31'400, 8.2, 0, 41, 35},
    {"Bursty", 9'100, 22, 0, 49, 14},      {"CachePressure", 8'800, 0, 0, 0.9, 1.2},
    {"PageFaultChurn", 655, 0, 0, 3.5, 4}, {"MutexContention", 47'000, 18, 0, 52, 27},
    {"ForkExit", 310, 26, 0, 18, 88},      {"Mixed", 5'250, 14, 0, 33, 24},
};

constexpr SchedulerProfile k_schedulers[] = {
    {"eevdf", "", 1.0, 1.0},
    {"scx_lavd", "lavd", 0.81, 1.3},
    {"scx_rusty", "rusty", 1.14, 0.7},
    {"scx_bpfland", "bpfland", 0.86, 1.5},
    {"scx_mitosis", "mitosis", 1.24, 0.5},
    {"scx_layered", "layered", 1.09, 0.8},
};

constexpr HostProfile k_hosts[] = {
    {"AMD EPYC 4464P 12-Core Processor", "AuthenticAMD", "x86_64", "6.12.41+deb13-amd64",
     "performance", 12, 1, 65'762'340, 1.0},
    {"Intel(R) Xeon(R) Gold 6430", "GenuineIntel", "x86_64", "6.8.0-71-generic", "powersave", 64, 2,
     263'841'012, 0.94},
    {"Neoverse-N1", "", "aarch64", "6.14.0-29-generic", "schedutil", 32, 1, 131'402'716, 0.78},
};

}  // namespace

const WorkProfile& work_profile(std::string_view work_type) {
  for (const WorkProfile& profile : k_work) {
    if (profile.name == work_type) return profile;
  }
  return k_work[0];
}

std::span<const SchedulerProfile> schedulers() { return k_schedulers; }

const SchedulerProfile& scheduler_profile(std::string_view name) {
  for (const SchedulerProfile& profile : k_schedulers) {
    if (profile.name == name) return profile;
  }
  return k_schedulers[0];
}

const HostProfile& host_profile(HostName name) { return k_hosts[static_cast<std::size_t>(name)]; }

std::string Topology::text() const {
  return std::to_string(numa) + 'n' + std::to_string(llcs) + 'l' + std::to_string(cores) + 'c' +
         std::to_string(threads) + 't';
}

}  // namespace ktstr::sample
