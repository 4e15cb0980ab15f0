// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <utility>

#include "record/record.hpp"
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

namespace {

/// A BPF program of a scheduler: how often it is called, what a call costs, how long the verifier
/// took over it.
struct Program {
  std::string_view operation;
  double calls_per_sec;
  double nsecs_per_call;
  std::uint64_t insns;
};
constexpr Program k_programs[] = {
    {"select_cpu", 930, 240, 1'900},
    {"enqueue", 1'310, 410, 4'200},
    {"dequeue", 1'290, 65, 160},
    {"dispatch", 2'150, 330, 29'000},
    {"running", 1'900, 120, 780},
    {"stopping", 1'890, 145, 1'030},
    {"quiescent", 610, 40, 90},
    {"runnable", 615, 75, 240},
    {"init_task", 1.5, 900, 510},
    {"init", 0.09, 61'000, 5'800},
    {"exit", 0, 0, 44},
};

/// The kernel cuts the names of programs at 15 bytes.
std::string program_name(std::string_view prefix, std::string_view operation) {
  return (std::string(prefix) + '_' + std::string(operation)).substr(0, 15);
}

std::size_t program_count(const SchedulerProfile& scheduler) {
  return std::size(k_programs) - scheduler.prefix.size() % 4;  // 8 to 11 of them
}

ScxEventDeltas make_events(double seconds, Random& random) {
  ScxEventDeltas events;
  const auto count = [&](double per_sec, double spread) {
    return static_cast<std::int64_t>(random.noisy_count(per_sec * seconds, spread));
  };
  events.total_fallback = count(2.6, 0.4);
  events.fallback_rate = static_cast<double>(events.total_fallback) / seconds;
  events.max_fallback_burst = static_cast<std::int64_t>(random.integer(1, 6));
  events.total_dispatch_keep_last = count(95, 0.15);
  events.keep_last_rate = static_cast<double>(events.total_dispatch_keep_last) / seconds;
  events.total_enq_skip_exiting = count(0.2, 0.8);
  events.total_enq_skip_migration_disabled = count(5, 0.3);
  events.total_refill_slice_dfl = count(80, 0.2);
  return events;
}

SchedstatDeltas make_schedstat(const RecordPlan& plan, double seconds, Random& random) {
  const double vcpus = plan.scene.test_case.topology.vcpus();
  SchedstatDeltas deltas;
  deltas.total_run_delay = random.noisy_count(4.4e8 * seconds * vcpus * plan.run_factor, 0.1);
  deltas.total_pcount = random.noisy_count(170 * seconds * vcpus, 0.08);
  deltas.total_sched_count = random.noisy_count(265 * seconds * vcpus, 0.08);
  deltas.total_yld_count =
      plan.scene.test_case.work_type == "YieldHeavy" ? random.noisy_count(4e5 * seconds, 0.05) : 0;
  deltas.total_sched_goidle = random.noisy_count(9 * seconds * vcpus, 0.2);
  deltas.total_ttwu_count = random.noisy_count(98 * seconds * vcpus, 0.08);
  deltas.total_ttwu_local = random.noisy_count(62 * seconds * vcpus, 0.08);
  if (plan.scene.session.newer_producer) {
    deltas.total_schedstat_vcpu_sec = random.noisy(seconds * vcpus, 0.004);
  } else {
    deltas.total_schedstat_wall_sec = random.noisy(seconds, 0.004);
  }
  return deltas;
}

SchedDomainLbDelta make_domain(const char* level, double seconds, Random& random) {
  SchedDomainLbDelta domain;
  domain.level = level;
  domain.lb_count = random.noisy_count(3.6 * seconds, 0.2);
  domain.lb_failed = random.noisy_count(0.3 * seconds, 0.5);
  domain.lb_gained = random.noisy_count(0.2 * seconds, 0.5);
  domain.lb_imbalance_task = random.noisy_count(0.5 * seconds, 0.5);
  return domain;
}

std::vector<SchedDomainLbDelta> make_domains(const Topology& topology, double seconds,
                                             Random& random) {
  std::vector<SchedDomainLbDelta> domains;
  if (topology.threads > 1) domains.push_back(make_domain("SMT", seconds, random));
  if (topology.cores > 1) domains.push_back(make_domain("MC", seconds, random));
  if (topology.llcs > 1) domains.push_back(make_domain("PKG", seconds, random));
  if (topology.numa > 1) domains.push_back(make_domain("NUMA", seconds, random));
  return domains;
}

std::vector<ProgStatsDelta> make_programs(const SchedulerProfile& scheduler, double seconds,
                                          Random& random) {
  std::vector<ProgStatsDelta> programs;
  for (std::size_t i = 0; i < program_count(scheduler); ++i) {
    ProgStatsDelta program;
    program.name = program_name(scheduler.prefix, k_programs[i].operation);
    program.cnt = random.noisy_count(k_programs[i].calls_per_sec * seconds, 0.12);
    program.nsecs =
        random.noisy_count(static_cast<double>(program.cnt) * k_programs[i].nsecs_per_call, 0.09);
    if (program.cnt > 0) {
      program.nsecs_per_call =
          static_cast<double>(program.nsecs) / static_cast<double>(program.cnt);
    }
    programs.push_back(std::move(program));
  }
  return programs;
}

void set_irq_values(MonitorSummary& monitor, Random& random) {
  monitor.avg_irq_util = random.noisy(3.1, 0.2);
  monitor.max_avg_irq_util = std::round(random.noisy(9, 0.3));
  monitor.psi_irq_full_avg10 = random.noisy(1.2, 0.3);
  monitor.total_irq_pressure_us = random.noisy(41'000, 0.3);
}

}  // namespace

MonitorSummary make_monitor(const RecordPlan& plan, double seconds, Random& random) {
  const TestCase& test_case = plan.scene.test_case;
  const SchedulerProfile& scheduler = scheduler_profile(test_case.scheduler);
  const double tasks = test_case.cgroups * test_case.workers;
  MonitorSummary monitor;
  monitor.total_samples = random.noisy_count(10.3 * seconds, 0.01);
  monitor.max_imbalance_ratio = static_cast<double>(random.integer(2, 2 + test_case.workers));
  monitor.max_local_dsq_depth = static_cast<std::uint32_t>(random.integer(1, 5));
  const bool failed = plan.outcome.verdict == Verdict::fail || plan.outcome.expected_failure;
  monitor.stuck_count = failed ? random.integer(1, 9) : 0;
  monitor.avg_imbalance_ratio = 1.0 + random.noisy(0.38, 0.08);
  monitor.avg_nr_running = random.noisy(tasks / test_case.topology.vcpus(), 0.05);
  monitor.avg_local_dsq_depth = random.noisy(0.15, 0.2);
  // The arm guest's kernel is built without interrupt accounting.
  if (plan.scene.session.host != HostName::arm) set_irq_values(monitor, random);
  monitor.schedstat_deltas = make_schedstat(plan, seconds, random);
  if (auto domains = make_domains(test_case.topology, seconds, random); !domains.empty()) {
    monitor.sched_domain_lb = std::move(domains);
  }
  if (scheduler.prefix.empty()) return monitor;
  monitor.event_deltas = make_events(seconds, random);
  monitor.prog_stats_deltas = make_programs(scheduler, seconds, random);
  if (scheduler.prefix == "lavd") {
    BpfMapFieldValue field;
    field.key = "sys_stat.nr_lat_cri";
    field.value = std::round(random.noisy(840 * seconds, 0.2));
    field.is_counter = true;
    monitor.bpf_map_fields = {std::move(field)};
  }
  return monitor;
}

std::vector<ProgVerifierStats> make_verifier_stats(const TestCase& test_case, Random& random) {
  const SchedulerProfile& scheduler = scheduler_profile(test_case.scheduler);
  std::vector<ProgVerifierStats> programs;
  if (scheduler.prefix.empty()) return programs;
  for (std::size_t i = 0; i < program_count(scheduler); ++i) {
    ProgVerifierStats program;
    program.name = program_name(scheduler.prefix, k_programs[i].operation);
    // The verifier is exact, but each build of the scheduler differs a little.
    program.verified_insns = static_cast<std::uint32_t>(
        random.noisy_count(static_cast<double>(k_programs[i].insns), 0.02));
    programs.push_back(std::move(program));
  }
  return programs;
}

}  // namespace ktstr::sample
