// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "ktstr/record.hpp"
#include "random.hpp"

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

namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::int64_t k_month_ns = 30LL * 24 * 3600 * k_second_ns;
constexpr std::size_t k_cycle = 6;  // sessions after which machine and kind repeat

std::string short_commit(std::uint64_t bits) { return hex16(bits).substr(0, 7); }

/// Commits in order; the last of each cycle is the one before it with uncommitted edits.
std::vector<std::string> make_commits(const Options& options, std::size_t count) {
  std::vector<std::string> commits;
  std::set<std::string> taken;
  Random random(derive_seed(options.seed, "commits"));
  for (std::size_t i = 0; i < count; ++i) {
    if (i % k_cycle == k_cycle - 1) {
      commits.push_back(commits.back() + "-dirty");
      continue;
    }
    std::string commit = short_commit(random.next());
    while (!taken.insert(commit).second) commit = short_commit(random.next());
    commits.push_back(std::move(commit));
  }
  return commits;
}

HostName host_of(std::size_t commit) {
  switch (commit % k_cycle) {
    case 1:
    case 4:
      return HostName::ci;
    case 3:
      return HostName::arm;
    default:
      return HostName::desk;
  }
}

std::vector<Session> make_sessions(const Options& options, std::size_t commits) {
  std::vector<Session> sessions;
  const std::size_t count = std::max<std::size_t>(1, commits * options.repeats);
  const std::int64_t spacing_ns = k_month_ns / static_cast<std::int64_t>(count);
  Random random(derive_seed(options.seed, "sessions"));
  for (std::size_t i = 0; i < count; ++i) {
    Session session;
    session.commit = i / options.repeats;
    session.repeat = i % options.repeats;
    session.time_ns =
        k_end_ns - k_month_ns + spacing_ns * static_cast<std::int64_t>(i) +
        static_cast<std::int64_t>(random.uniform(0.3, 0.7) * static_cast<double>(spacing_ns));
    session.host = host_of(session.commit);
    session.from_ci = session.host == HostName::ci;
    session.newer_producer = commits > 2 && session.commit >= commits * 2 / 3;
    sessions.push_back(session);
  }
  return sessions;
}

/// The second kernel of a session moves on with time.
std::string second_kernel(std::size_t commit, std::size_t commits) {
  const char* const kernels[] = {"6.12.3", "6.16.0-rc3", k_newest_kernel};
  return kernels[commits < 3 ? 2 : commit * 3 / commits];
}

RunDirectory make_directory(const Options& options, const Plan& plan, std::size_t pair,
                            std::size_t repeat) {
  RunDirectory directory;
  const std::size_t commit = pair / 2;
  directory.session = commit * options.repeats + repeat;
  directory.kernel = pair % 2 == 0 ? k_steady_kernel : second_kernel(commit, plan.commits.size());
  if (directory.kernel.find("-rc") != std::string::npos) {
    directory.kernel_commit = short_commit(derive_seed(options.seed, directory.kernel));
  }
  directory.name = directory.kernel + '-' + plan.commits[commit];
  if (repeat > 0) directory.name += "-repeat" + std::to_string(repeat + 1);
  return directory;
}

}  // namespace

Plan make_plan(const Options& options) {
  Plan plan;
  const std::size_t commits = (options.run_directories + 1) / 2;
  plan.commits = make_commits(options, commits);
  plan.sessions = make_sessions(options, commits);
  for (std::size_t pair = 0; pair < options.run_directories; ++pair) {
    for (std::size_t repeat = 0; repeat < options.repeats; ++repeat) {
      plan.directories.push_back(make_directory(options, plan, pair, repeat));
    }
  }
  // Written in the order of time, so that the directories' own times tell the same story.
  std::stable_sort(
      plan.directories.begin(), plan.directories.end(),
      [](const RunDirectory& a, const RunDirectory& b) { return a.session < b.session; });
  plan.cases = make_cases(options.tests);
  return plan;
}

std::int64_t rerun_time_ns(const Session& session, std::size_t rerun) {
  constexpr std::int64_t k_between_ns = 17LL * 60 * k_second_ns;
  return session.time_ns + static_cast<std::int64_t>(rerun) * k_between_ns;
}

std::string session_token(const Options& options, const Plan& plan, const RunDirectory& directory,
                          std::size_t rerun) {
  const std::uint64_t part = directory.session * 1'000'003 + rerun;
  Random random(derive_seed(derive_seed(options.seed, "token"), part));
  const std::int64_t start_ns = rerun_time_ns(plan.sessions[directory.session], rerun);
  const auto within_second = static_cast<std::int64_t>(random.integer(1, 999'999'999));
  return std::to_string(start_ns / k_second_ns * k_second_ns + within_second);
}

namespace {

constexpr double k_lavd_wake_factor = 1.35;
constexpr double k_bpfland_migration_factor = 0.6;
constexpr double k_newest_kernel_factor = 0.9;
constexpr double k_flake_rate = 0.35;

// Where each change begins, as an index of a commit.
std::size_t lavd_from(const Plan& plan) { return plan.commits.size() / 2; }
std::size_t bpfland_from(const Plan& plan) { return plan.commits.size() / 3; }
std::size_t broken_from(const Plan& plan) { return plan.commits.size() * 2 / 3; }
std::size_t last_commit(const Plan& plan) { return plan.commits.size() - 1; }

bool is_lavd_futex(const TestCase& test_case) {
  return test_case.scheduler == "scx_lavd" && test_case.work_type == "FutexPingPong";
}

Outcome verdict(Verdict verdict) { return {verdict, SkipKind::none, false}; }
Outcome fail_if(bool failed) { return verdict(failed ? Verdict::fail : Verdict::pass); }

Outcome ordinary_outcome(Random& random) {
  const double draw = random.uniform();
  if (draw < 0.012) return verdict(Verdict::fail);
  if (draw < 0.020) return verdict(Verdict::inconclusive);
  if (draw < 0.026) return {Verdict::skip, SkipKind::in_vm, false};
  return verdict(Verdict::pass);
}

std::string commit_name(const Plan& plan, std::size_t index) {
  return plan.commits[index] + " (commit " + std::to_string(index + 1) + " of " +
         std::to_string(plan.commits.size()) + ")";
}

}  // namespace

Outcome outcome_of(const Scene& scene, Random& random) {
  const std::size_t commit = scene.session.commit;
  const std::size_t last = last_commit(scene.plan);
  switch (scene.test_case.role) {
    case Role::breaks_midway:
      return fail_if(commit >= broken_from(scene.plan));
    case Role::breaks_last:
      return fail_if(commit == last);
    case Role::fixed_last:
      return fail_if(commit + 1 == last);
    case Role::flaky:
      return fail_if(random.chance(k_flake_rate));
    case Role::expected_failure:
      return {Verdict::pass, SkipKind::none, true};
    case Role::needs_big_host:
      if (host_profile(scene.session.host).cpus >= scene.test_case.topology.vcpus()) return {};
      return {Verdict::skip, SkipKind::before_boot, false};
    case Role::skips_in_vm:
      return {Verdict::skip, SkipKind::in_vm, false};
    case Role::unsure_on_new_kernel:
      if (scene.directory.kernel != k_newest_kernel) return {};
      return verdict(Verdict::inconclusive);
    case Role::noisy:
      return {};
    case Role::ordinary:
      // The regression has to be measured to be found.
      return is_lavd_futex(scene.test_case) ? Outcome{} : ordinary_outcome(random);
  }
  return {};
}

Effects effects_of(const Scene& scene) {
  Effects effects;
  const TestCase& test_case = scene.test_case;
  const std::size_t commit = scene.session.commit;
  if (is_lavd_futex(test_case) && commit >= lavd_from(scene.plan)) {
    effects.wake *= k_lavd_wake_factor;
  }
  if (test_case.scheduler == "scx_bpfland" && commit >= bpfland_from(scene.plan)) {
    effects.migrations *= k_bpfland_migration_factor;
  }
  if (test_case.scheduler == "eevdf" && scene.directory.kernel == k_newest_kernel) {
    effects.iterations *= k_newest_kernel_factor;
  }
  if (test_case.role == Role::noisy) effects.run_noise = 0.25;
  return effects;
}

std::string describe(const Options& options, const Plan& plan) {
  const std::size_t last = last_commit(plan);
  const std::string newest = k_newest_kernel;
  std::string text = "Planted in this pool (seed " + std::to_string(options.seed) + "):\n";
  const auto line = [&](const std::string& planted) { text += "- " + planted + '\n'; };
  line("scx_lavd, work type FutexPingPong: worst_p99_wake_latency_us +35 % from " +
       commit_name(plan, lavd_from(plan)) + " on");
  line("scx_bpfland: migrations -40 % from " + commit_name(plan, bpfland_from(plan)) +
       " on: an improvement");
  line("eevdf on kernel " + newest + ": iterations -10 %");
  line("cpuset_shrink_under_load fails from " + commit_name(plan, broken_from(plan)) + " on");
  line("cgroup_weight_inversion fails at " + commit_name(plan, last) + " only: newly broken");
  line("nice_sweep_fairness fails only just before that: fixed since");
  line("wakeup_storm_two_llcs is flaky: about every third run fails, at any commit");
  line("watchdog_catches_stall passes because it is expected to fail");
  line("numa_spread_sixteen is skipped before boot where the host has fewer than 16 CPUs");
  line("core_sched_cookie_split is skipped in the VM, always");
  line("deadline_server_floor is inconclusive on kernel " + newest);
  line("fork_exit_churn differs by 25 % from run to run and nothing changed: noise");
  line("any other test fails in 1.2 %, is inconclusive in 0.8 % and skips in 0.6 % of its runs");
  text += "Machines: a desk of 12 CPUs, a CI host of 64 (6 % slower), an arm host (28 % slower).\n";
  return text;
}

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
