// SPDX-License-Identifier: MIT
#pragma once

// Makes records that look measured. Each part has its file; all draw from the record's own random
// numbers, so that no two values of two records agree by accident.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ktstr/record.hpp"
#include "plan.hpp"
#include "random.hpp"

namespace ktstr::sample {

/// What the parts of a record need to know of each other.
struct RecordPlan {
  const Scene& scene;
  Outcome outcome;
  Effects effects;
  std::size_t rerun = 0;
  std::size_t samples = 0;    ///< per phase and cgroup
  bool with_carrier = false;  ///< the built-in benchmark's histograms, 100 to 300 KB
  double run_factor = 1.0;    ///< this run against the case's average
};

/// `seed` is the pool's. The same arguments give the same record.
[[nodiscard]] Record make_record(const Scene& scene, const Options& options, std::size_t rerun);

// The parts.
[[nodiscard]] PhaseBucket make_phase(const RecordPlan& plan, unsigned step, Random& random);
/// Over `phases`, which it takes.
[[nodiscard]] ScenarioStats make_stats(const RecordPlan& plan, std::vector<PhaseBucket> phases);
[[nodiscard]] std::vector<StimulusEvent> make_stimulus(const TestCase& test_case,
                                                       const std::vector<PhaseBucket>& phases);
[[nodiscard]] MonitorSummary make_monitor(const RecordPlan& plan, double seconds, Random& random);
[[nodiscard]] std::vector<ProgVerifierStats> make_verifier_stats(const TestCase& test_case,
                                                                 Random& random);
[[nodiscard]] KvmStatsTotals make_kvm_stats(const HostProfile& host, unsigned vcpus,
                                            Random& random);
[[nodiscard]] HostContext make_host(HostName name, Random& random);
[[nodiscard]] std::vector<PayloadMetrics> make_payload_metrics(const RecordPlan& plan,
                                                               Random& random);
/// The built-in benchmarks' histograms and counters of one phase and cgroup.
void add_carrier(const RecordPlan& plan, double seconds, PhaseBucket& phase,
                 PhaseCgroupStats& cgroup, Random& random);

/// The sample at rank ceil(n * p) of `sorted`, which must not be empty.
[[nodiscard]] std::uint64_t nearest_rank_sample(const std::vector<std::uint64_t>& sorted, double p);

}  // namespace ktstr::sample
