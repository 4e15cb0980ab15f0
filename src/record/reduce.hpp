// SPDX-License-Identifier: MIT
#pragma once

// Reducing samples to what an index keeps. Nearest rank, as the harness's own statistics.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "ktstr/record.hpp"

namespace ktstr {

/// ceil(n * permille / 1000), at least 1: the 1-based rank of a percentile among n samples.
[[nodiscard]] constexpr std::uint64_t nearest_rank(std::uint64_t n, std::uint64_t permille) {
  // Split so that no product overflows, whatever n a hostile histogram claims.
  const std::uint64_t rank = n / 1000 * permille + (n % 1000 * permille + 999) / 1000;
  return rank == 0 ? 1 : rank;
}

/// The same as reduce_samples, several times faster where there are thousands; none where the
/// samples are too much alike for that.
[[nodiscard]] std::optional<Distribution> reduce_many(const std::vector<std::uint64_t>& samples);

/// Reorders `samples`.
template <typename T>
Distribution reduce_samples(std::vector<T>& samples) {
  constexpr std::size_t k_many = 4096;
  Distribution reduced;
  reduced.n = samples.size();
  if (samples.empty()) return reduced;
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (samples.size() >= k_many) {
      if (const auto fast = reduce_many(samples)) return *fast;
    }
  }
  // Each selection leaves larger values to its right, so the next one only looks there.
  auto first = samples.begin();
  const auto select = [&](std::uint64_t permille) {
    const auto nth =
        samples.begin() + static_cast<std::ptrdiff_t>(nearest_rank(samples.size(), permille) - 1);
    if (nth >= first) {
      std::nth_element(first, nth, samples.end());
      first = nth;
    }
    return static_cast<double>(*nth);
  };
  reduced.p50 = select(500);
  reduced.p90 = select(900);
  reduced.p99 = select(990);
  reduced.p999 = select(999);
  reduced.max = static_cast<double>(*std::max_element(first, samples.end()));
  return reduced;
}

/// The value in the middle of a histogram bucket; exact below 512.
[[nodiscard]] double plat_bucket_value(std::size_t index);

/// Over the samples that the buckets count; `max` is the highest used bucket's value.
[[nodiscard]] Distribution reduce_buckets(const std::vector<std::uint32_t>& counts);

}  // namespace ktstr
