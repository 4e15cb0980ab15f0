// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

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

}  // namespace ktstr
