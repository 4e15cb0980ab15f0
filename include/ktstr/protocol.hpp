// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// Looks an environment variable up; none if it is unset. The value is bytes, UTF-8 or not. Tests
/// pass a map.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// Of this process. Not safe while another thread changes the environment.
[[nodiscard]] Variables process_variables();

// How the outcomes of a test's checks become its verdict, and its verdict the bits of a record.
// Pure; thread-safe.

/// Why a check did not simply pass.
struct OutcomeDetail {
  std::string kind = {};
  std::string message = {};
  std::optional<std::string> phase = {};
  friend bool operator==(const OutcomeDetail&, const OutcomeDetail&) = default;
};
struct Outcome {
  Verdict verdict = Verdict::pass;
  OutcomeDetail detail = {};  ///< empty for a pass
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// The one that says more: fail, then inconclusive, then pass, then skip; the left one of equals.
[[nodiscard]] Outcome merge(const Outcome& left, const Outcome& right);

/// What a whole list comes to: its first fail, else its first inconclusive, else its first skip if
/// all are skips, else a pass. An empty list is a pass, so this is no fold of merge from one.
[[nodiscard]] Outcome terminal_outcome(const std::vector<Outcome>& outcomes);

/// 0 for pass and skip, 1 for fail, 2 for inconclusive.
[[nodiscard]] int verdict_exit_code(Verdict verdict);

/// What the test declares.
struct VerdictPolicy {
  bool expect_error = false;
  bool allow_inconclusive = false;
};

/// A host that can't run the test: whether that skips or fails it is decided by its class, and for
/// some classes by no_skip_mode.
enum class HostInsufficiency { none, skip, fail };
/// True if KTSTR_NO_SKIP_MODE is set, to whatever: empty counts.
[[nodiscard]] bool no_skip_mode(const Variables& variables);

/// What is known about a run that ended in an error.
struct RunFailure {
  HostInsufficiency host = HostInsufficiency::none;
  bool host_check_failed = false;  ///< a check after the machine stopped
  bool scheduler_build_refused = false;
  bool storm_not_survived = false;
  bool auto_repro_satisfied = false;  ///< the test expected an automatic reproduction and got it
  bool error_mismatch = false;        ///< an error, but not the one that was expected
};

/// The verdict that counts, of a run that came to `raw` without an error. A failing run always
/// comes as an error; a fail here would come out as a pass, as in the harness.
[[nodiscard]] Verdict final_verdict(Verdict raw, const VerdictPolicy& policy);
[[nodiscard]] Verdict final_verdict(const RunFailure& failure, const VerdictPolicy& policy);

/// The four bits of a record that hold its verdict. Files may hold combinations that no verdict
/// gives.
struct VerdictBits {
  bool passed = false;
  bool skipped = false;
  bool inconclusive = false;
  bool expected_failure = false;
  friend bool operator==(const VerdictBits&, const VerdictBits&) = default;
};
[[nodiscard]] VerdictBits verdict_bits(Verdict verdict);
[[nodiscard]] VerdictBits verdict_bits(const Record& record);

/// The bits for a record that has `raw`, once its final verdict is known; the record need not be
/// written again where they are equal. Not to be done twice: the second time, what was inverted
/// looks like a plain pass and loses its expected_failure.
[[nodiscard]] VerdictBits finalized_bits(const VerdictBits& raw, Verdict final_verdict);

/// The shape of a test's virtual machine.
struct Topology {
  std::uint32_t numa_nodes = 1;
  std::uint32_t llcs = 1;  ///< of all nodes together
  std::uint32_t cores_per_llc = 2;
  std::uint32_t threads_per_core = 1;

  /// "1n2l4c2t".
  [[nodiscard]] std::string label() const;
  /// LLCs x cores x threads; the largest number there is if that is too many.
  [[nodiscard]] std::uint64_t total_cpus() const;

  friend bool operator==(const Topology&, const Topology&) = default;
};

/// Reads a label: four positive 32-bit numbers, zeros or one "+" in front of each at most. Doesn't
/// ask whether a machine can be like that. None for anything else.
[[nodiscard]] std::optional<Topology> parse_topology(std::string_view label);

/// Error (usage): a zero, LLCs that don't divide among the nodes, or more than 32 bits of CPUs. If
/// the LLCs of each node are given, they must add up to all instead.
[[nodiscard]] Result<void> validate_topology(const Topology& topology,
                                             const std::vector<std::uint32_t>& llcs_per_node = {});

// What a scheduler's declaration puts into a record. Pure; thread-safe.

/// The scheduler that a test without one of its own names.
inline constexpr const char* k_default_scheduler = "eevdf";
/// The work type of a process that was told none.
inline constexpr const char* k_default_work_type = "SpinWait";

/// As a test declares it.
struct SchedulerDeclaration {
  std::string name = k_default_scheduler;
  std::vector<std::pair<std::string, std::string>> sysctls = {};  ///< dotted key, value; in order
  std::vector<std::string> kargs = {};                            ///< kernel arguments; in order
};

/// As a record has it.
struct SchedulerFingerprint {
  std::string scheduler;
  std::optional<std::string> scheduler_commit;  ///< none for every scheduler of today
  std::vector<std::string> sysctls;             ///< "sysctl.KEY=VALUE", as declared
  std::vector<std::string> kargs;
  friend bool operator==(const SchedulerFingerprint&, const SchedulerFingerprint&) = default;
};

[[nodiscard]] SchedulerFingerprint scheduler_fingerprint(const SchedulerDeclaration& declaration);

/// The hash of a test's variant before there is a record of it; the record's own hash will be the
/// same.
[[nodiscard]] std::uint64_t variant_hash_of(const Topology& topology,
                                            const SchedulerFingerprint& fingerprint,
                                            const std::optional<std::string>& payload,
                                            const std::string& work_type);

/// NAME of the first --ktstr-work-type=NAME among a process's arguments, else the default.
[[nodiscard]] std::string work_type_of_arguments(const std::vector<std::string>& arguments);

}  // namespace ktstr
#pragma GCC visibility pop
