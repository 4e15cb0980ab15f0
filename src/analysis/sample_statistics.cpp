// SPDX-License-Identifier: MIT
#include "analysis/sample_statistics.hpp"

#include <cmath>
#include <cstddef>

namespace ktstr {

double finite_mean(const std::vector<double>& values) {
  double sum = 0;
  std::size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

double finite_standard_deviation(const std::vector<double>& values) {
  const double mean = finite_mean(values);
  double squares = 0;
  std::size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    squares += (value - mean) * (value - mean);
    ++count;
  }
  return count < 2 ? 0 : std::sqrt(squares / static_cast<double>(count - 1));
}

}  // namespace ktstr
