// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "base/time_text.hpp"

namespace ktstr::test {

/// A clock whose steady time is a millisecond later at each look. Not thread-safe.
class TickingClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override { return 0; }
  [[nodiscard]] std::int64_t steady_ns() const override { return looks_++ * 1'000'000; }
  void sleep_ns(std::int64_t /*duration_ns*/) override {}

 private:
  mutable std::int64_t looks_ = 0;
};

}  // namespace ktstr::test
