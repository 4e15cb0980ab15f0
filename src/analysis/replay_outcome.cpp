// SPDX-License-Identifier: MIT
#include "analysis/replay_outcome.hpp"

namespace ktstr {

ReplayOutcome replay_outcome(const VerdictCounts& counts) {
  const std::int64_t all = counts.all();
  if (all == 0) return ReplayOutcome::dropped;
  if (counts.pass == all) return ReplayOutcome::fixed;
  if (counts.inconclusive == all) return ReplayOutcome::inconclusive;
  // A skip says nothing new about a test that had failed.
  if (counts.fail + counts.skip == all) return ReplayOutcome::persistent;
  return ReplayOutcome::mixed;
}

std::vector<ReplayedTest> replay_outcomes(const std::vector<std::string>& names,
                                          const std::map<std::string, VerdictCounts>& verdicts) {
  std::vector<ReplayedTest> tests;
  tests.reserve(names.size());
  for (const std::string& name : names) {
    const auto found = verdicts.find(name);
    const VerdictCounts counts = found == verdicts.end() ? VerdictCounts{} : found->second;
    tests.push_back({name, replay_outcome(counts), counts});
  }
  return tests;
}

}  // namespace ktstr
