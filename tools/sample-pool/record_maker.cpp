// SPDX-License-Identifier: MIT
#include "record_maker.hpp"

#include <algorithm>
#include <utility>

#include "base/time_text.hpp"

namespace ktstr::sample {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::size_t k_most_samples = 100'000;  // the harness's own reservoir

std::uint64_t record_seed(const Scene& scene, std::uint64_t seed, std::size_t rerun) {
  seed = derive_seed(derive_seed(seed, scene.directory.name), scene.test_case.test);
  seed = derive_seed(derive_seed(seed, scene.test_case.scheduler), scene.test_case.topology.text());
  for (const std::string& sysctl : scene.test_case.sysctls) seed = derive_seed(seed, sysctl);
  return derive_seed(seed, rerun);
}

/// Histograms are huge: the base cases' only, in every third session, under the steady kernel.
bool deserves_carrier(const Scene& scene) {
  return scene.test_case.is_base && scene.session.commit % 3 == 2 && scene.session.repeat == 0 &&
         scene.directory.kernel == k_steady_kernel;
}

/// "20260628T091245Z-0": the stamp of a process that began `before_s` ahead of the record.
std::string run_id(std::int64_t time_ns, std::int64_t before_s) {
  std::string stamp;
  for (const char byte : iso8601_utc(time_ns - before_s * k_second_ns)) {
    if (byte != '-' && byte != ':') stamp += byte;
  }
  return stamp + "-0";
}

void set_identity(const RecordPlan& plan, Record& record, Random& random) {
  const Scene& scene = plan.scene;
  const TestCase& test_case = scene.test_case;
  record.test_name = test_case.test;
  record.topology = test_case.topology.text();
  record.scheduler = test_case.scheduler;
  record.project_commit = scene.plan.commits[scene.session.commit];
  record.payload = test_case.payload;
  record.work_type = test_case.work_type;
  record.sysctls = test_case.sysctls;
  record.kargs = test_case.kargs;
  record.kernel_version = scene.directory.kernel;
  record.kernel_commit = scene.directory.kernel_commit;
  record.run_source = scene.session.from_ci ? "ci" : "local";
  const std::int64_t time_ns = rerun_time_ns(scene.session, plan.rerun) +
                               static_cast<std::int64_t>(random.integer(20, 900)) * k_second_ns;
  record.timestamp = iso8601_utc(time_ns);
  record.run_id = run_id(time_ns, static_cast<std::int64_t>(random.integer(14, 19)));
}

void set_verdict(const Outcome& outcome, Record& record) {
  record.passed = outcome.verdict == Verdict::pass;
  record.skipped = outcome.verdict == Verdict::skip;
  record.inconclusive = outcome.verdict == Verdict::inconclusive;
  record.expected_failure = outcome.expected_failure;
}

/// What there is as soon as a VM has booted.
void set_vm(const RecordPlan& plan, Record& record, double seconds, Random& random) {
  const TestCase& test_case = plan.scene.test_case;
  const HostProfile& host = host_profile(plan.scene.session.host);
  const bool kernel_scheduler = scheduler_profile(test_case.scheduler).prefix.empty();
  const bool newer = plan.scene.session.newer_producer;
  if (!kernel_scheduler) {
    record.resolve_source = newer ? "manifest" : plan.scene.session.from_ci ? "path" : "auto_built";
  }
  record.vcpus = test_case.topology.vcpus();
  record.cpu_budget = std::min<std::uint32_t>(record.vcpus, static_cast<std::uint32_t>(host.cpus));
  // A desk's owner wants some CPUs left.
  if (plan.scene.session.host == HostName::desk && record.vcpus > 4) record.cpu_budget = 6;
  if (newer) {
    record.host_dilation = 1.0 + random.noisy(0.0012, 0.7);
    record.throughput_denomination = ThroughputDenomination::cpu_sec;
  }
  record.monitor = make_monitor(plan, seconds, random);
  record.verifier_stats = make_verifier_stats(test_case, random);
  record.kvm_stats = make_kvm_stats(host, record.vcpus, random);
  record.cleanup_duration_ms = random.noisy_count(34, 0.4);
}

void set_measurements(const RecordPlan& plan, Record& record, Random& random) {
  std::vector<PhaseBucket> phases;
  for (unsigned step = 0; step < plan.scene.test_case.steps; ++step) {
    phases.push_back(make_phase(plan, step, random));
  }
  record.stimulus_events = make_stimulus(plan.scene.test_case, phases);
  record.periodic_target = 20 * plan.scene.test_case.steps;
  record.periodic_fired = record.periodic_target - (random.chance(0.3) ? 1 : 0);
  record.metrics = make_payload_metrics(plan, random);
  record.stats = make_stats(plan, std::move(phases));
}

void set_assertions(const TestCase& test_case, Record& record) {
  if (work_profile(test_case.work_type).wake_us == 0) return;
  PerfDeltaAssertionRecord assertion;
  assertion.metric = "worst_p99_wake_latency_us";
  assertion.direction = Polarity{Polarity::Kind::lower_better, 0.0};
  assertion.max_regression_pct = 20.0;
  record.perf_delta_assertions.push_back(std::move(assertion));
}

std::size_t samples_of(const Scene& scene, const Options& options) {
  if (options.samples > 0) return std::min(options.samples, k_most_samples);
  // Fixed for a case: the p99 of few samples depends on how many there are.
  return 9 + derive_seed(7, scene.test_case.test) % 7;
}

}  // namespace

Record make_record(const Scene& scene, const Options& options, std::size_t rerun) {
  Random random(record_seed(scene, options.seed, rerun));
  RecordPlan plan{scene, outcome_of(scene, random), effects_of(scene)};
  plan.rerun = rerun;
  plan.samples = samples_of(scene, options);
  plan.with_carrier = deserves_carrier(scene);
  plan.run_factor = random.noisy(1.0, plan.effects.run_noise);

  Record record;
  set_identity(plan, record, random);
  set_verdict(plan.outcome, record);
  record.host = make_host(scene.session.host, random);
  set_assertions(scene.test_case, record);
  if (plan.outcome.skip == SkipKind::before_boot) return record;
  set_vm(plan, record, plan.outcome.skip == SkipKind::in_vm ? 0.8 : 12.0, random);
  if (plan.outcome.skip == SkipKind::none) set_measurements(plan, record, random);
  return record;
}

std::uint64_t nearest_rank_sample(const std::vector<std::uint64_t>& sorted, double p) {
  const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(sorted.size()) * p));
  return sorted[rank == 0 ? 0 : std::min(rank, sorted.size()) - 1];
}

}  // namespace ktstr::sample
