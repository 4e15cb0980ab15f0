// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "ktstr/record.hpp"

namespace ktstr {

/// How many results have each verdict.
struct VerdictCounts {
  std::int64_t pass = 0;
  std::int64_t fail = 0;
  std::int64_t skip = 0;
  std::int64_t inconclusive = 0;

  [[nodiscard]] std::int64_t all() const { return pass + fail + skip + inconclusive; }
  [[nodiscard]] std::int64_t& of(Verdict verdict) {
    switch (verdict) {
      case Verdict::pass:
        return pass;
      case Verdict::fail:
        return fail;
      case Verdict::skip:
        return skip;
      case Verdict::inconclusive:
        break;
    }
    return inconclusive;
  }
};

/// A word on the host's kernel command line that says: made by our sample generator, not measured.
/// It stands there because every record has a host, a reader of either contract keeps the line, no
/// variant hash depends on it, and it is seen wherever the host is shown.
inline constexpr std::string_view k_synthetic_mark = "ktstr_index.synthetic=1";

/// True for a record of the sample generator, which must never enter somebody's archive.
/// Thread-safe.
[[nodiscard]] inline bool is_synthetic(const Record& record) {
  if (!record.host || !record.host->kernel_cmdline) return false;
  const std::string_view line = *record.host->kernel_cmdline;
  const auto at_word_end = [&](std::size_t i) { return i >= line.size() || line[i] == ' '; };
  for (auto at = line.find(k_synthetic_mark); at != std::string_view::npos;
       at = line.find(k_synthetic_mark, at + 1)) {
    if ((at == 0 || line[at - 1] == ' ') && at_word_end(at + k_synthetic_mark.size())) return true;
  }
  return false;
}

}  // namespace ktstr
