// SPDX-License-Identifier: MIT
#include "record/reduce.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

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

namespace {

constexpr std::uint64_t k_permilles[] = {500, 900, 990, 999};
constexpr int k_bucket_bits = 12;

/// Cuts the range of the samples into equal buckets, so that each rank is looked for in the few
/// samples of one bucket. Counting them has no branch that a processor could guess wrong.
class SampleBuckets {
 public:
  explicit SampleBuckets(const std::vector<std::uint64_t>& samples)
      : SampleBuckets(samples, std::minmax_element(samples.begin(), samples.end())) {
    for (const std::uint64_t sample : samples) ++counts_[bucket_of(sample)];
  }

  struct Place {
    std::size_t bucket = 0;
    std::uint64_t index = 0;  ///< among the bucket's samples, if they were sorted
  };
  /// Where the samples of these ranks, which rise, are.
  [[nodiscard]] std::vector<Place> find(const std::vector<std::uint64_t>& ranks) const {
    std::vector<Place> places;
    std::uint64_t before = 0;
    for (std::size_t bucket = 0; places.size() < ranks.size(); ++bucket) {
      while (places.size() < ranks.size() && ranks[places.size()] <= before + counts_[bucket]) {
        places.push_back({bucket, ranks[places.size()] - before - 1});
      }
      before += counts_[bucket];
    }
    return places;
  }

  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }

  [[nodiscard]] std::vector<std::uint64_t> samples_in(std::size_t bucket) const {
    std::vector<std::uint64_t> found;
    found.reserve(counts_[bucket]);
    for (const std::uint64_t sample : samples_) {
      if (bucket_of(sample) == bucket) found.push_back(sample);
    }
    return found;
  }

 private:
  using Iterator = std::vector<std::uint64_t>::const_iterator;
  SampleBuckets(const std::vector<std::uint64_t>& samples, std::pair<Iterator, Iterator> range)
      : samples_(samples),
        least_(*range.first),
        shift_(std::max(
            0, static_cast<int>(std::bit_width(*range.second - *range.first)) - k_bucket_bits)) {}

  [[nodiscard]] std::size_t bucket_of(std::uint64_t sample) const {
    return static_cast<std::size_t>((sample - least_) >> shift_);
  }

  const std::vector<std::uint64_t>& samples_;
  std::uint64_t least_;
  int shift_;
  std::array<std::uint64_t, 1 << k_bucket_bits> counts_{};
};

}  // namespace

std::optional<Distribution> reduce_many(const std::vector<std::uint64_t>& samples) {
  std::vector<std::uint64_t> ranks;
  for (const std::uint64_t permille : k_permilles) {
    ranks.push_back(nearest_rank(samples.size(), permille));
  }
  const SampleBuckets buckets(samples);
  const std::vector<SampleBuckets::Place> places = buckets.find(ranks);
  std::array<double, std::size(k_permilles)> values{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto [bucket, index] = places[i];
    if (buckets.count(bucket) > samples.size() / 8) return std::nullopt;
    std::vector<std::uint64_t> few = buckets.samples_in(bucket);
    const auto nth = few.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(few.begin(), nth, few.end());
    values[i] = static_cast<double>(*nth);
  }
  const auto most = *std::max_element(samples.begin(), samples.end());
  return Distribution{samples.size(), values[0], values[1],
                      values[2],      values[3], static_cast<double>(most)};
}

}  // namespace ktstr
