// SPDX-License-Identifier: MIT
#pragma once

// How the outcomes of a test's checks become its verdict, and its verdict the bits of a record.
// Pure; thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "ktstr/record.hpp"
#include "ktstr/variables.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

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

}  // namespace ktstr
#pragma GCC visibility pop
