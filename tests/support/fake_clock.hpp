// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time_text.hpp"

namespace ktstr::test {

/// A clock that moves only when told to. Thread-safe.
class FakeClock final : public Clock {
 public:
  /// 2026-07-04T12:00:00Z unless told otherwise.
  explicit FakeClock(std::int64_t now_ns = 1'783'166'400'000'000'000) : now_ns_(now_ns) {}

  [[nodiscard]] std::int64_t now_ns() const override { return now_ns_; }
  [[nodiscard]] std::int64_t steady_ns() const override { return steady_ns_; }
  /// Advances at once instead of waiting.
  void sleep_ns(std::int64_t duration_ns) override { advance(duration_ns); }

  void advance(std::int64_t duration_ns) {
    now_ns_ += duration_ns;
    if (duration_ns > 0) steady_ns_ += duration_ns;
  }
  /// Sets the time of day. The steady time follows forwards, never back.
  void set_now_ns(std::int64_t now_ns) { advance(now_ns - now_ns_); }

 private:
  std::atomic<std::int64_t> now_ns_;
  std::atomic<std::int64_t> steady_ns_ = 0;
};

}  // namespace ktstr::test
