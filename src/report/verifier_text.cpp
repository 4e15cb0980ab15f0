// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "analysis/program_limits.hpp"
#include "ktstr/run_report.hpp"
#include "report/padded_name.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {

std::string verifier_text(const RunReport& report) {
  const std::vector<ProgramLimit> limits = program_limits(report.verifier);
  if (limits.empty()) return {};
  std::string text = "\n=== BPF VERIFIER STATS ===\n\n";
  text += fmt::format("  {:<24} {:>12} {:>8}\n", "program", "verified", "limit%");
  text += fmt::format("  {:-<24} {:-<12} {:-<8}\n", "", "", "");
  std::string warnings;
  std::uint64_t total = 0;
  for (const ProgramLimit& limit : limits) {
    text += fmt::format("  {} {:>12} {:>7.1f}%{}\n", padded_name(limit.program, 24),
                        limit.verified_insns, limit.limit_pct, limit.is_near ? " !" : "");
    total += limit.verified_insns;
    if (!limit.is_near) continue;
    warnings += fmt::format("  {}: {:.1f}% of 1M limit ({} verified insns)\n",
                            printable(limit.program), limit.limit_pct, limit.verified_insns);
  }
  text += fmt::format("\n  total verified insns: {}\n", total);
  if (!warnings.empty()) {
    text += "\nWARNING: programs near verifier complexity limit:\n" + warnings;
  }
  return text;
}

}  // namespace ktstr
