// SPDX-License-Identifier: MIT
#include "story.hpp"

namespace ktstr::sample {
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

}  // namespace ktstr::sample
