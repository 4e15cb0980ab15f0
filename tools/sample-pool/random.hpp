// SPDX-License-Identifier: MIT
#pragma once

// Random numbers of our own: the distributions of the standard library differ between
// implementations, and the same seed must make the same pool with every compiler.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ktstr::sample {

/// SplitMix64's finalizer: spreads every input bit over the output.
[[nodiscard]] constexpr std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// A seed for a part of the whole, so that no part's content depends on the order of making them.
[[nodiscard]] constexpr std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t part) {
  return scramble(seed * 0x9E3779B97F4A7C15ULL + scramble(part + 0x632BE59BD9B4E019ULL));
}
[[nodiscard]] constexpr std::uint64_t derive_seed(std::uint64_t seed, std::string_view part) {
  for (const char byte : part) seed = derive_seed(seed, static_cast<unsigned char>(byte));
  return seed;
}

/// The normal distribution's quantile at 0 < p < 1, by Tukey's lambda (within 0.01 up to p 0.999).
/// Bounded tails are welcome here: no sample is absurd.
[[nodiscard]] inline double normal_quantile(double p) {
  constexpr double k_lambda = 0.1349;
  return (std::pow(p, k_lambda) - std::pow(1.0 - p, k_lambda)) / 0.1975;
}

/// SplitMix64. Not thread-safe.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return scramble(state_ += 0x9E3779B97F4A7C15ULL); }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [low, high].
  std::uint64_t integer(std::uint64_t low, std::uint64_t high) {
    return low + next() % (high - low + 1);
  }
  bool chance(double probability) { return uniform() < probability; }
  double normal() { return normal_quantile((static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53); }
  /// Log-normal around `base`; `spread` is about the relative standard deviation.
  double noisy(double base, double spread) { return base * std::exp(spread * normal()); }
  std::uint64_t noisy_count(double base, double spread) {
    return static_cast<std::uint64_t>(std::llround(noisy(base, spread)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace ktstr::sample
