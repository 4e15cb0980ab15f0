// SPDX-License-Identifier: MIT
#include "analysis/program_limits.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace ktstr {
namespace {

/// The kernel's BPF_COMPLEXITY_LIMIT_INSNS.
constexpr double k_insn_limit = 1'000'000;
constexpr double k_near_pct = 75;

}  // namespace

std::vector<ProgramLimit> program_limits(const std::vector<VerifierProgram>& seen) {
  std::map<std::string_view, std::uint32_t> largest;
  for (const VerifierProgram& program : seen) {
    std::uint32_t& insns = largest[program.program];
    insns = std::max(insns, program.verified_insns);
  }
  std::vector<ProgramLimit> limits;
  limits.reserve(largest.size());
  for (const auto& [name, insns] : largest) {
    const double pct = static_cast<double>(insns) / k_insn_limit * 100;
    limits.push_back({std::string(name), insns, pct, pct >= k_near_pct});
  }
  return limits;
}

}  // namespace ktstr
