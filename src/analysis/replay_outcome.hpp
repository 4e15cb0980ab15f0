// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "query/failed_tests.hpp"

namespace ktstr {

/// What became of a failed test that was run again.
enum class ReplayOutcome {
  fixed,         ///< every variant passed
  persistent,    ///< every variant failed or was skipped
  inconclusive,  ///< none could be judged
  mixed,         ///< its variants disagree
  dropped,       ///< it has no result
};

[[nodiscard]] ReplayOutcome replay_outcome(const VerdictCounts& counts);

struct ReplayedTest {
  std::string name;
  ReplayOutcome outcome = ReplayOutcome::dropped;
  VerdictCounts counts;
};

/// For each name, in order.
[[nodiscard]] std::vector<ReplayedTest> replay_outcomes(
    const std::vector<std::string>& names, const std::map<std::string, VerdictCounts>& verdicts);

}  // namespace ktstr
