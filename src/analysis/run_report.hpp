// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ktstr/index.hpp"
#include "query/failed_tests.hpp"

namespace ktstr {

/// What the BPF verifier made of one program.
struct ProgramLimit {
  std::string program;
  std::uint32_t verified_insns = 0;  ///< the largest number of all results
  double limit_pct = 0;              ///< of the kernel's limit of a million
  bool is_near = false;              ///< 75 % or more
};

/// By name in byte order, each program once. Pure; thread-safe.
[[nodiscard]] std::vector<ProgramLimit> program_limits(const std::vector<VerifierProgram>& seen);

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
