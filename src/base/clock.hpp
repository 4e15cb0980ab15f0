// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ktstr {

/// The time of day and a steady time, replaceable in tests. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds since the Unix epoch, UTC; may jump.
  [[nodiscard]] virtual std::int64_t now_ns() const = 0;
  /// Nanoseconds that never go backwards, for deadlines and durations.
  [[nodiscard]] virtual std::int64_t steady_ns() const = 0;
  virtual void sleep_ns(std::int64_t duration_ns) = 0;
};

/// The machine's clock; lives as long as the process.
Clock& system_clock();

}  // namespace ktstr
