// SPDX-License-Identifier: MIT
#pragma once

#include "base/time_text.hpp"

namespace ktstr::test {

/// An hour ahead of the file system, so that every stamp is settled at once and a refresh skips all
/// that it may skip. With the true clock it looks at everything again.
class ClockAhead final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override {
    return system_clock().now_ns() + 3'600'000'000'000;
  }
  [[nodiscard]] std::int64_t steady_ns() const override { return system_clock().steady_ns(); }
  void sleep_ns(std::int64_t duration_ns) override { system_clock().sleep_ns(duration_ns); }
};

}  // namespace ktstr::test
