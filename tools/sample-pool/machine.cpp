// SPDX-License-Identifier: MIT
#include <iterator>
#include <utility>

#include "record/synthetic.hpp"
#include "record_maker.hpp"

namespace ktstr::sample {
namespace {

struct KvmStat {
  const char* name;
  double typical;  ///< 0: always 0
  bool x86_only;
};
constexpr KvmStat k_kvm_stats[] = {
    {"exits", 187'000, false},
    {"halt_exits", 1'120, true},
    {"halt_wait_ns", 2.1e9, false},
    {"halt_wakeup", 1'080, false},
    {"halt_successful_poll", 44, false},
    {"halt_attempted_poll", 160, false},
    {"halt_poll_invalid", 0, false},
    {"halt_poll_success_ns", 410'000, false},
    {"halt_poll_fail_ns", 3.9e6, false},
    {"blocking", 0, false},
    {"signal_exits", 1, false},
    {"mmio_exits", 640, false},
    {"io_exits", 74'000, true},
    {"irq_exits", 42'000, true},
    {"irq_injections", 16'500, true},
    {"irq_window_exits", 250, true},
    {"nmi_injections", 0, true},
    {"nmi_window_exits", 0, true},
    {"request_irq_exits", 0, true},
    {"preemption_reported", 220, true},
    {"preemption_other", 2, true},
    {"hypercalls", 3, true},
    {"tlb_flush", 9'900, true},
    {"invlpg", 0, true},
    {"pf_taken", 64'000, true},
    {"pf_fixed", 32'000, true},
    {"pf_emulate", 33'000, true},
    {"pf_spurious", 12, true},
    {"pf_fast", 0, true},
    {"pf_guest", 0, true},
    {"pf_mmio_spte_created", 0, true},
    {"insn_emulation", 34'000, true},
    {"insn_emulation_fail", 0, true},
    {"fpu_reload", 128'000, true},
    {"host_state_reload", 240'000, true},
    {"l1d_flush", 0, true},
    {"req_event", 29'000, true},
    {"guest_mode", 0, true},
    {"nested_run", 0, true},
    {"directed_yield_attempted", 0, true},
    {"directed_yield_successful", 0, true},
    {"notify_window_exits", 0, true},
    {"hvc_exit_stat", 2'400, false},
    {"wfi_exit_stat", 31'000, false},
};
constexpr std::size_t k_arm_only = 2;  // the last ones

/// The harness writes them in the random order of a hash map.
void shuffle(std::vector<std::pair<std::string, std::uint64_t>>& stats, Random& random) {
  for (std::size_t i = stats.size(); i > 1; --i) {
    std::swap(stats[i - 1], stats[random.integer(0, i - 1)]);
  }
}

std::string boot_flags(HostName name) {
  return name == HostName::desk ? "ro quiet"
                                : "ro console=ttyS0,115200 transparent_hugepage=madvise";
}

std::map<std::string, std::string> sched_tunables() {
  return {{"sched_autogroup_enabled", "1"},
          {"sched_cfs_bandwidth_slice_us", "5000"},
          {"sched_deadline_period_max_us", "4194304"},
          {"sched_deadline_period_min_us", "100"},
          {"sched_energy_aware", "1"},
          {"sched_rr_timeslice_ms", "100"},
          {"sched_rt_period_us", "1000000"},
          {"sched_rt_runtime_us", "950000"},
          {"sched_schedstats", "0"},
          {"sched_util_clamp_max", "1024"},
          {"sched_util_clamp_min", "1024"}};
}

void set_accounting(HostName name, HostContext& host) {
  switch (name) {
    case HostName::desk:
      host.task_delayacct = DelayacctState::runtime_off;
      host.config_task_xacct = XacctState::on;
      break;
    case HostName::ci:
      host.task_delayacct = DelayacctState::on;
      host.config_task_xacct = XacctState::on;
      break;
    case HostName::arm:
      host.task_delayacct = DelayacctState::config_off;
      host.config_task_xacct = XacctState::unknown;
      break;
  }
}

HostHeapState make_heap(Random& random) {
  HostHeapState heap;
  heap.allocated_bytes = random.noisy_count(1.1e8, 0.1);
  heap.active_bytes = *heap.allocated_bytes + 4096 * random.integer(100, 500);
  heap.resident_bytes = *heap.active_bytes + 4096 * random.integer(3000, 6000);
  heap.mapped_bytes = *heap.resident_bytes + 4096 * random.integer(8000, 14000);
  heap.narenas = 48;
  return heap;
}

}  // namespace

KvmStatsTotals make_kvm_stats(const HostProfile& host, unsigned vcpus, Random& random) {
  const bool x86 = host.arch == "x86_64";
  const std::size_t count = std::size(k_kvm_stats) - (x86 ? k_arm_only : 0);
  KvmStatsTotals totals;
  totals.per_vcpu.resize(vcpus);
  for (auto& stats : totals.per_vcpu) {
    stats.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const KvmStat& stat = k_kvm_stats[i];
      if (stat.x86_only && !x86) continue;
      stats.emplace_back(stat.name, stat.typical > 0 ? random.noisy_count(stat.typical, 0.25) : 0);
    }
    shuffle(stats, random);
  }
  return totals;
}

HostContext make_host(HostName name, Random& random) {
  const HostProfile& profile = host_profile(name);
  HostContext host;
  host.cpu_model = profile.cpu_model;
  if (!profile.cpu_vendor.empty()) host.cpu_vendor = profile.cpu_vendor;
  host.total_memory_kib = profile.memory_kib;
  host.hugepages_total = 0;
  host.hugepages_free = 0;
  host.hugepages_size_kib = 2048;
  host.thp_enabled = "always [madvise] never";
  host.thp_defrag = "always defer defer+madvise [madvise] never";
  host.sched_tunables = sched_tunables();
  host.online_cpus = profile.cpus;
  host.numa_nodes = profile.numa_nodes;
  for (std::uint64_t cpu = 0; cpu < profile.cpus; ++cpu) {
    host.cpufreq_governor.emplace_hint(host.cpufreq_governor.end(), cpu, profile.governor);
  }
  host.kernel_name = "Linux";
  host.kernel_release = profile.release;
  host.arch = profile.arch;
  host.kernel_cmdline = "BOOT_IMAGE=/boot/vmlinuz-" + std::string(profile.release) + ' ' +
                        boot_flags(name) + ' ' + std::string(k_synthetic_mark);
  set_accounting(name, host);
  // A test binary has another allocator than the harness's own command.
  if (random.chance(0.3)) host.heap_state = make_heap(random);
  return host;
}

}  // namespace ktstr::sample
