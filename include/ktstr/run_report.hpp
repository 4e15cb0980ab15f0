// SPDX-License-Identifier: MIT
#pragma once

// What the harness says about one run: which scenarios stand out, how each scenario, topology and
// work type did, what the BPF verifier, the scheduler's callbacks and KVM reported. The texts are
// the harness's own (its sidecar module and its analysis of a gauntlet). Everything here is pure
// and thread-safe.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/record.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The numbers in which a scenario can stand out, in the order in which the harness looks at them.
enum class GauntletMetric {
  spread,
  gap_ms,
  migrations,
  migration_ratio,
  imbalance,
  dsq_depth,
  stuck,
  fallback,
  keep_last,
  worst_p99_wake_latency_us,
  worst_wake_latency_cv,
  worst_mean_run_delay_us,
  worst_run_delay_us,
};
inline constexpr std::size_t k_gauntlet_metrics = 13;
/// "spread", "gap_ms", … as the report prints it.
[[nodiscard]] std::string_view gauntlet_metric_name(GauntletMetric metric);

/// One result as the analysis sees it. A number that was not measured is 0 here, as in the harness.
struct GauntletRow {
  std::string scenario;  ///< the test's name
  std::string topology;
  std::string work_type;
  bool passed = false;
  bool skipped = false;
  bool inconclusive = false;
  std::array<double, k_gauntlet_metrics> metrics{};  ///< by GauntletMetric

  [[nodiscard]] bool is_pass() const { return passed && !skipped && !inconclusive; }
  [[nodiscard]] double metric(GauntletMetric which) const {
    return metrics[static_cast<std::size_t>(which)];
  }
};

struct VerifierProgram {
  std::string program;
  std::uint32_t verified_insns = 0;
};

struct CallbackProgram {
  std::string program;
  std::uint64_t cnt = 0;
  std::uint64_t nsecs = 0;
  double nsecs_per_call = 0;
};
struct TestCallbacks {
  std::string test_name;
  std::string topology;
  std::vector<CallbackProgram> programs;
};

/// The counters of one VM that the report speaks of, each summed over its virtual CPUs.
struct KvmTotals {
  std::uint64_t vcpus = 0;
  std::uint64_t exits = 0;
  std::uint64_t halt_exits = 0;
  std::uint64_t halt_wait_ns = 0;
  std::uint64_t halt_successful_poll = 0;
  std::uint64_t halt_attempted_poll = 0;
  std::uint64_t preemption_reported = 0;
  std::uint64_t signal_exits = 0;
  std::uint64_t hypercalls = 0;
};

/// Everything that the report of a run is made of, results in the order of job and file name.
struct RunReport {
  std::vector<GauntletRow> rows;
  std::vector<VerifierProgram> verifier;  ///< of every result, programs repeat
  std::vector<TestCallbacks> callbacks;   ///< of the results that have any
  std::vector<KvmTotals> kvm;             ///< of the results that have them, if only an empty list
  std::string first_timestamp;            ///< the least of the results' own; "" if none has one
};

[[nodiscard]] RunReport run_report(const std::vector<Record>& records);
/// Adds one more result at the end, for records that are not all held at once.
void add_result(RunReport& report, const Record& record);

/// The four blocks, each beginning with an empty line and ending with a line feed; "" where there
/// is nothing to say. Control characters in names are shown escaped; names are padded by Unicode
/// scalar values, never cut.
[[nodiscard]] std::string gauntlet_text(const RunReport& report);
[[nodiscard]] std::string verifier_text(const RunReport& report);
[[nodiscard]] std::string callback_text(const RunReport& report);
[[nodiscard]] std::string kvm_text(const RunReport& report);
/// All four in this order.
[[nodiscard]] std::string run_report_text(const RunReport& report);

}  // namespace ktstr
#pragma GCC visibility pop
