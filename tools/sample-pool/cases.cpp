// SPDX-License-Identifier: MIT
#include <set>
#include <utility>

#include "catalogue.hpp"
#include "ktstr/variant_hash.hpp"

namespace ktstr::sample {
namespace {

struct BaseCase {
  std::string_view test;
  std::string_view scheduler;
  std::string_view work_type;
  Topology topology;
  unsigned cgroups;
  unsigned workers;
  unsigned steps;
  Role role = Role::ordinary;
  std::string_view payload = {};
  std::string_view sysctl = {};
  std::string_view karg = {};
};

constexpr Topology k_one{1, 1, 1, 1};
constexpr Topology k_two{1, 1, 2, 1};
constexpr Topology k_four{1, 1, 4, 1};
constexpr Topology k_two_llcs{1, 2, 2, 1};
constexpr Topology k_smt{1, 1, 2, 2};
constexpr Topology k_eight{1, 2, 4, 1};
constexpr Topology k_numa{2, 2, 2, 1};
constexpr Topology k_big{2, 4, 4, 1};

// The first ones play a part in the story, so that a small pool has them too.
constexpr BaseCase k_base[] = {
    {"futex_handoff_pairs", "scx_lavd", "FutexPingPong", k_two_llcs, 2, 2, 2},
    {"cpuset_shrink_under_load", "scx_rusty", "Bursty", k_four, 2, 2, 2, Role::breaks_midway},
    {"cgroup_weight_inversion", "scx_layered", "MutexContention", k_four, 2, 2, 2,
     Role::breaks_last},
    {"nice_sweep_fairness", "scx_bpfland", "SpinWait", k_two, 2, 2, 2, Role::fixed_last},
    {"wakeup_storm_two_llcs", "scx_mitosis", "PipeIo", k_two_llcs, 2, 2, 2, Role::flaky},
    {"watchdog_catches_stall", "scx_rusty", "SpinWait", k_two, 2, 1, 1, Role::expected_failure},
    {"numa_spread_sixteen", "scx_layered", "CachePressure", k_big, 2, 4, 1, Role::needs_big_host},
    {"core_sched_cookie_split",
     "eevdf",
     "Mixed",
     k_smt,
     2,
     2,
     1,
     Role::skips_in_vm,
     {},
     {},
     "nosmt"},
    {"deadline_server_floor", "eevdf", "IoSyncWrite", k_two, 2, 2, 2, Role::unsure_on_new_kernel},
    {"fork_exit_churn", "scx_rusty", "ForkExit", k_four, 2, 2, 2, Role::noisy},
    {"futex_handoff_pairs", "eevdf", "FutexPingPong", k_two_llcs, 2, 2, 2},
    {"futex_cross_llc_wakes", "scx_lavd", "FutexPingPong", k_numa, 2, 2, 2},
    {"futex_cross_llc_wakes", "scx_bpfland", "FutexPingPong", k_numa, 2, 2, 2},
    {"proportional_share_basic", "scx_bpfland", "SpinWait", k_two, 2, 1, 2},
    {"proportional_share_basic", "eevdf", "SpinWait", k_two, 2, 1, 2},
    {"proportional_share_uneven", "scx_rusty", "SpinWait", k_four, 3, 2, 1},
    {"schbench_request_tail", "scx_lavd", "Schbench", k_four, 1, 4, 1},
    {"taobench_open_loop", "scx_layered", "Taobench", k_four, 1, 4, 1},
    {"timer_slack_idle_cpus", "eevdf", "TimerLatency", k_two, 2, 2, 2},
    {"timer_slack_loaded", "scx_lavd", "TimerLatency", k_four, 2, 2, 2},
    {"fsync_heavy_writers", "scx_bpfland", "IoSyncWrite", k_two, 2, 2, 2, Role::ordinary,
     "fio_randwrite"},
    {"random_read_beside_spinners", "eevdf", "SpinWait", k_four, 2, 2, 1, Role::ordinary,
     "fio_randread"},
    {"random_read_beside_spinners", "scx_rusty", "SpinWait", k_four, 2, 2, 1, Role::ordinary,
     "fio_randread"},
    {"pipe_chain_latency", "scx_bpfland", "PipeIo", k_two, 2, 2, 2},
    {"pipe_chain_latency", "scx_mitosis", "PipeIo", k_two, 2, 2, 2},
    {"yield_loop_no_starvation", "eevdf", "YieldHeavy", k_one, 2, 2, 2},
    {"yield_loop_no_starvation", "scx_layered", "YieldHeavy", k_one, 2, 2, 2},
    {"bursty_tenants_isolated", "scx_mitosis", "Bursty", k_two_llcs, 3, 2, 1},
    {"cache_pressure_llc_local", "scx_rusty", "CachePressure", k_two_llcs, 2, 2, 2},
    {"page_fault_churn_numa", "scx_layered", "PageFaultChurn", k_numa, 2, 2, 2},
    {"mutex_convoy_breaks_up", "scx_lavd", "MutexContention", k_four, 2, 4, 2},
    {"mutex_convoy_breaks_up", "eevdf", "MutexContention", k_four, 2, 4, 2},
    {"bandwidth_slice_small",
     "eevdf",
     "SpinWait",
     k_two,
     2,
     2,
     2,
     Role::ordinary,
     {},
     "sysctl.kernel.sched_cfs_bandwidth_slice_us=1000"},
    {"mixed_tenants_long", "scx_layered", "Mixed", k_eight, 2, 4, 1},
    {"mixed_tenants_long", "scx_mitosis", "Mixed", k_eight, 2, 4, 1},
    {"affinity_flip_mid_run", "scx_bpfland", "Mixed", k_four, 2, 2, 2},
    {"smt_sibling_pressure",
     "scx_lavd",
     "CachePressure",
     k_smt,
     2,
     2,
     2,
     Role::ordinary,
     {},
     {},
     "mitigations=off"},
    {"idle_cpu_picked_first", "scx_rusty", "PipeIo", k_four, 2, 2, 2},
    {"single_cpu_round_robin", "scx_mitosis", "SpinWait", k_one, 2, 2, 2},
    {"local_dsq_never_deep", "scx_bpfland", "Bursty", k_four, 2, 2, 2},
};

constexpr Topology k_variant_topologies[] = {k_two,  k_four, k_two_llcs, k_smt,
                                             k_numa, k_one,  k_eight};

TestCase from_base(const BaseCase& base) {
  TestCase made;
  made.test = base.test;
  made.scheduler = base.scheduler;
  made.work_type = base.work_type;
  made.topology = base.topology;
  if (!base.payload.empty()) made.payload = base.payload;
  if (!base.sysctl.empty()) made.sysctls.emplace_back(base.sysctl);
  if (!base.karg.empty()) made.kargs.emplace_back(base.karg);
  made.cgroups = base.cgroups;
  made.workers = base.workers;
  made.steps = base.steps;
  made.role = base.role;
  return made;
}

/// The n-th other variant of a test: first all topologies, then all schedulers, then sysctls.
TestCase variant_of(TestCase made, std::size_t n) {
  constexpr std::size_t k_topologies = std::size(k_variant_topologies);
  const std::size_t names = schedulers().size();
  made.topology = k_variant_topologies[n % k_topologies];
  made.scheduler = schedulers()[n / k_topologies % names].name;
  if (const std::size_t slice = n / (k_topologies * names); slice > 0) {
    made.sysctls.push_back("sysctl.kernel.sched_rr_timeslice_ms=" + std::to_string(slice));
  }
  if (made.topology.vcpus() > 4) made.steps = 1;
  made.role = Role::ordinary;
  made.is_base = false;
  return made;
}

std::uint64_t hash_of(const TestCase& test_case) {
  return variant_hash(VariantParts{test_case.topology.text(), test_case.scheduler,
                                   test_case.payload, test_case.work_type, test_case.sysctls,
                                   test_case.kargs});
}

}  // namespace

std::vector<TestCase> make_cases(std::size_t count) {
  std::vector<TestCase> cases;
  std::set<std::pair<std::string, std::uint64_t>> taken;
  const auto add = [&](TestCase made) {
    if (cases.size() < count && taken.emplace(made.test, hash_of(made)).second) {
      cases.push_back(std::move(made));
    }
  };
  for (const BaseCase& base : k_base) add(from_base(base));
  for (std::size_t n = 0; cases.size() < count; ++n) {
    for (const BaseCase& base : k_base) add(variant_of(from_base(base), n));
  }
  return cases;
}

}  // namespace ktstr::sample
