// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "ktstr/run_report.hpp"
#include "report/padded_name.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {

std::string callback_text(const RunReport& report) {
  std::string text;
  for (const TestCallbacks& test : report.callbacks) {
    if (test.programs.empty()) continue;
    if (text.empty()) text = "\n=== BPF CALLBACK PROFILE ===\n";
    text += fmt::format("\n  {} ({}):\n", printable(test.test_name), printable(test.topology));
    text +=
        fmt::format("    {:<24} {:>12} {:>14} {:>12}\n", "program", "cnt", "total_ns", "avg_ns");
    text += fmt::format("    {:-<24} {:-<12} {:-<14} {:-<12}\n", "", "", "", "");
    for (const CallbackProgram& program : test.programs) {
      text += fmt::format("    {} {:>12} {:>14} {:>12.0f}\n", padded_name(program.program, 24),
                          program.cnt, program.nsecs, program.nsecs_per_call);
    }
  }
  return text;
}

}  // namespace ktstr
