// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>

#include "record_maker.hpp"

namespace ktstr::sample {
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
