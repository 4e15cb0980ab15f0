// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace ktstr {

/// Arithmetic mean of the finite values; 0 if there are none, as the harness has it.
[[nodiscard]] double finite_mean(const std::vector<double>& values);

/// Sample standard deviation (n - 1) of the finite values; 0 for fewer than two.
[[nodiscard]] double finite_standard_deviation(const std::vector<double>& values);

}  // namespace ktstr
