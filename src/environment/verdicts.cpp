// SPDX-License-Identifier: MIT
#include "ktstr/verdicts.hpp"

#include <algorithm>

namespace ktstr {
namespace {

/// How much a verdict says against the others.
int weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::skip:
      return 0;
    case Verdict::pass:
      return 1;
    case Verdict::inconclusive:
      return 2;
    case Verdict::fail:
      return 3;
  }
  return 3;
}

}  // namespace

Outcome merge(const Outcome& left, const Outcome& right) {
  return weight(right.verdict) > weight(left.verdict) ? right : left;
}

Outcome terminal_outcome(const std::vector<Outcome>& outcomes) {
  const auto first = [&](Verdict verdict) {
    return std::find_if(outcomes.begin(), outcomes.end(),
                        [&](const Outcome& outcome) { return outcome.verdict == verdict; });
  };
  for (const Verdict verdict : {Verdict::fail, Verdict::inconclusive}) {
    if (const auto found = first(verdict); found != outcomes.end()) return *found;
  }
  const bool all_skip = std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.verdict == Verdict::skip;
  });
  return all_skip && !outcomes.empty() ? outcomes.front() : Outcome{};
}

int verdict_exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
    case Verdict::skip:
      return 0;
    case Verdict::inconclusive:
      return 2;
    case Verdict::fail:
      return 1;
  }
  return 1;
}

bool no_skip_mode(const Variables& variables) {
  return variables("KTSTR_NO_SKIP_MODE").has_value();
}

Verdict final_verdict(Verdict raw, const VerdictPolicy& policy) {
  if (raw == Verdict::skip) return Verdict::skip;
  if (policy.expect_error) return Verdict::fail;
  if (raw == Verdict::inconclusive && !policy.allow_inconclusive) return Verdict::inconclusive;
  return Verdict::pass;
}

Verdict final_verdict(const RunFailure& failure, const VerdictPolicy& policy) {
  if (failure.host == HostInsufficiency::skip) return Verdict::skip;
  if (failure.host == HostInsufficiency::fail) return Verdict::fail;
  // These count even where an error was expected: it was not this one.
  if (failure.host_check_failed || failure.scheduler_build_refused || failure.storm_not_survived) {
    return Verdict::fail;
  }
  if (failure.auto_repro_satisfied) return Verdict::pass;
  return policy.expect_error && !failure.error_mismatch ? Verdict::pass : Verdict::fail;
}

VerdictBits verdict_bits(Verdict verdict) {
  VerdictBits bits;
  bits.passed = verdict == Verdict::pass;
  bits.skipped = verdict == Verdict::skip;
  bits.inconclusive = verdict == Verdict::inconclusive;
  return bits;
}

VerdictBits verdict_bits(const Record& record) {
  return {record.passed, record.skipped, record.inconclusive, record.expected_failure};
}

VerdictBits finalized_bits(const VerdictBits& raw, Verdict final_verdict) {
  const bool failed = raw.inconclusive || (!raw.passed && !raw.skipped);
  VerdictBits bits = verdict_bits(final_verdict);
  bits.expected_failure = failed && (bits.passed || bits.skipped);
  return bits;
}

}  // namespace ktstr
