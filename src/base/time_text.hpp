// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

// Times are nanoseconds since the Unix epoch, UTC.

/// "2026-07-04T21:41:43Z": the second that `time_ns` lies in, before 1970 too. Thread-safe.
[[nodiscard]] std::string iso8601_utc(std::int64_t time_ns);

/// Its day, "2026-07-04"; none of none. Thread-safe.
[[nodiscard]] std::optional<std::string> utc_day(const std::optional<std::int64_t>& time_ns);

/// Exactly the form of iso8601_utc(), of a day that exists; else nothing. Thread-safe.
[[nodiscard]] std::optional<std::int64_t> parse_iso8601_utc(std::string_view text);

/// A time as a person writes it, or nothing if it can't be read or doesn't fit:
/// - a date, "2026-07-04", or a date and time, "2026-07-04 21:41" or "2026-07-04T21:41:43.5", with
///   "Z" or "+02:00" behind it or else in the local zone (that of the process, by TZ);
/// - "now", "today" and "yesterday" (local midnight);
/// - "90s", "15m", "3h", "2d", "1w": that long before `now_ns`;
/// - a number: seconds since the epoch, or nanoseconds if it has 12 digits or more.
/// Thread-safe as long as nobody changes TZ.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns);

}  // namespace ktstr
