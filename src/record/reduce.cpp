// SPDX-License-Identifier: MIT
#include "record/reduce.hpp"

#include <cmath>

namespace ktstr {

double plat_bucket_value(std::size_t index) {
  if (index < 512) return static_cast<double>(index);
  const int exponent = static_cast<int>(index / 256) - 1;
  return std::ldexp(1.0, exponent + 8) +
         (static_cast<double>(index % 256) + 0.5) * std::ldexp(1.0, exponent);
}

Distribution reduce_buckets(const std::vector<std::uint32_t>& counts) {
  Distribution reduced;
  for (const std::uint32_t count : counts) reduced.n += count;
  if (reduced.n == 0) return reduced;

  struct Wanted {
    double* value;
    std::uint64_t rank;
  };
  const Wanted wanted[] = {{&reduced.p50, nearest_rank(reduced.n, 500)},
                           {&reduced.p90, nearest_rank(reduced.n, 900)},
                           {&reduced.p99, nearest_rank(reduced.n, 990)},
                           {&reduced.p999, nearest_rank(reduced.n, 999)},
                           {&reduced.max, reduced.n}};
  std::size_t next = 0;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size() && next < std::size(wanted); ++i) {
    seen += counts[i];
    while (next < std::size(wanted) && wanted[next].rank <= seen) {
      *wanted[next++].value = plat_bucket_value(i);
    }
  }
  return reduced;
}

}  // namespace ktstr
