// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "ktstr/index.hpp"

namespace ktstr::test {

/// A passing result with that spread and nothing else measured.
inline GauntletRow row(const std::string& scenario, double spread,
                       const std::string& topology = "t1") {
  GauntletRow result;
  result.scenario = scenario;
  result.topology = topology;
  result.work_type = "SpinWait";
  result.passed = true;
  result.metrics[0] = spread;
  return result;
}

inline GauntletRow with(GauntletRow row, GauntletMetric metric, double value) {
  row.metrics[static_cast<std::size_t>(metric)] = value;
  return row;
}

}  // namespace ktstr::test
