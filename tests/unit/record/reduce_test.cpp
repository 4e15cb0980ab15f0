// SPDX-License-Identifier: MIT
#include "record/reduce.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

namespace ktstr {
namespace {

TEST(NearestRank, IsTheCeilingOfTheShare) {
  EXPECT_EQ(nearest_rank(1, 500), 1U);
  EXPECT_EQ(nearest_rank(2, 500), 1U);
  EXPECT_EQ(nearest_rank(3, 500), 2U);
  EXPECT_EQ(nearest_rank(100, 990), 99U);
  EXPECT_EQ(nearest_rank(101, 990), 100U);
  EXPECT_EQ(nearest_rank(1000, 999), 999U);
  EXPECT_EQ(nearest_rank(0, 500), 1U);
}

TEST(NearestRank, DoesNotOverflow) {
  constexpr std::uint64_t k_most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(nearest_rank(k_most, 500), k_most / 2 + 1);
  EXPECT_LE(nearest_rank(k_most, 999), k_most);
}

TEST(ReduceSamples, OfNothingSaysNothing) {
  std::vector<std::uint64_t> none;
  EXPECT_EQ(reduce_samples(none).n, 0U);
}

TEST(ReduceSamples, TakesSamplesAndNeverInterpolates) {
  for (const std::size_t n : {1, 2, 3, 10, 999, 1000, 1001, 5000}) {
    std::vector<std::uint64_t> samples(n);
    std::iota(samples.begin(), samples.end(), std::uint64_t{1});
    // Neither sorted nor reversed: 7919 is a prime that shares no factor with these sizes.
    for (std::size_t i = 0; i < n; ++i) std::swap(samples[i], samples[i * 7919 % n]);
    const Distribution reduced = reduce_samples(samples);
    EXPECT_EQ(reduced.n, n);
    EXPECT_EQ(reduced.p50, static_cast<double>(nearest_rank(n, 500))) << n;
    EXPECT_EQ(reduced.p90, static_cast<double>(nearest_rank(n, 900))) << n;
    EXPECT_EQ(reduced.p99, static_cast<double>(nearest_rank(n, 990))) << n;
    EXPECT_EQ(reduced.p999, static_cast<double>(nearest_rank(n, 999))) << n;
    EXPECT_EQ(reduced.max, static_cast<double>(n)) << n;
  }
}

TEST(ReduceSamples, SaysTheSameOfManySamplesHoweverTheyAreSpread) {
  std::mt19937_64 random(1);
  for (const int spread : {1, 8, 16, 40, 63}) {
    std::vector<std::uint64_t> samples(20'000);
    // Most are small and a few are huge, as latencies are; with a spread of 1 all are alike.
    for (std::uint64_t& sample : samples) {
      sample = random() >> (64 - spread) >> random() % static_cast<std::uint64_t>(spread);
    }
    std::vector<std::uint64_t> sorted = samples;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](std::uint64_t permille) {
      return static_cast<double>(sorted[nearest_rank(sorted.size(), permille) - 1]);
    };
    const Distribution reduced = reduce_samples(samples);
    EXPECT_EQ(reduced.n, sorted.size());
    EXPECT_EQ(reduced.p50, at(500)) << spread;
    EXPECT_EQ(reduced.p90, at(900)) << spread;
    EXPECT_EQ(reduced.p99, at(990)) << spread;
    EXPECT_EQ(reduced.p999, at(999)) << spread;
    EXPECT_EQ(reduced.max, static_cast<double>(sorted.back())) << spread;
  }
}

TEST(ReduceSamples, ReachesTheEndsOfTheRange) {
  std::vector<std::uint64_t> samples(5'000);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = ~std::uint64_t{0} / 4'999 * i;
  const auto fast = reduce_many(samples);
  ASSERT_TRUE(fast);
  EXPECT_EQ(fast->p50, static_cast<double>(samples[2'499]));
  EXPECT_EQ(fast->max, static_cast<double>(samples.back()));
}

TEST(PlatBucket, IsExactBelow512AndTheMiddleOfItsRangeAbove) {
  EXPECT_EQ(plat_bucket_value(0), 0.0);
  EXPECT_EQ(plat_bucket_value(511), 511.0);
  // Index 512 counts the values 512 and 513, index 768 those from 1024 to 1027.
  EXPECT_EQ(plat_bucket_value(512), 513.0);
  EXPECT_EQ(plat_bucket_value(513), 515.0);
  EXPECT_EQ(plat_bucket_value(768), 1026.0);
}

// The forward rule of the histogram, from its description.
std::size_t bucket_of(std::uint64_t value) {
  if (value < 512) return value;
  std::size_t exponent = 0;
  while ((value >> exponent) >= 512) ++exponent;
  return std::min<std::size_t>((exponent + 1) * 256 + (value >> exponent) % 256, 4863);
}

TEST(PlatBucket, ValueFallsIntoItsOwnBucket) {
  for (std::size_t i = 0; i < k_plat_buckets; ++i) {
    EXPECT_EQ(bucket_of(static_cast<std::uint64_t>(plat_bucket_value(i))), i);
  }
}

TEST(ReduceBuckets, RanksTheSamplesThatTheBucketsCount) {
  std::vector<std::uint32_t> counts(k_plat_buckets, 0);
  counts[10] = 50;
  counts[20] = 40;
  counts[30] = 9;
  counts[513] = 1;
  const Distribution reduced = reduce_buckets(counts);
  EXPECT_EQ(reduced.n, 100U);
  EXPECT_EQ(reduced.p50, 10.0);
  EXPECT_EQ(reduced.p90, 20.0);
  EXPECT_EQ(reduced.p99, 30.0);
  EXPECT_EQ(reduced.p999, 515.0);
  EXPECT_EQ(reduced.max, 515.0);
}

TEST(ReduceBuckets, OfNothingSaysNothing) {
  EXPECT_EQ(reduce_buckets(std::vector<std::uint32_t>(k_plat_buckets, 0)).n, 0U);
}

TEST(ReduceBuckets, CountsPast32Bits) {
  const std::vector<std::uint32_t> counts(k_plat_buckets,
                                          std::numeric_limits<std::uint32_t>::max());
  const Distribution reduced = reduce_buckets(counts);
  EXPECT_EQ(reduced.n, 4864ULL * 4294967295ULL);
  EXPECT_EQ(reduced.p50, plat_bucket_value(2431));
}

}  // namespace
}  // namespace ktstr
