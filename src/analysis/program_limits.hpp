// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktstr/run_report.hpp"

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

}  // namespace ktstr
