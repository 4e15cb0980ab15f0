// SPDX-License-Identifier: MIT
#include "base/time_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <ctime>
#include <thread>

#include "base/text.hpp"

namespace ktstr {
namespace {

template <typename TimePoint>
std::int64_t since_epoch_ns(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override {
    return since_epoch_ns(std::chrono::system_clock::now());
  }
  [[nodiscard]] std::int64_t steady_ns() const override {
    return since_epoch_ns(std::chrono::steady_clock::now());
  }
  void sleep_ns(std::int64_t duration_ns) override {
    std::this_thread::sleep_for(std::chrono::nanoseconds(duration_ns));
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::int64_t k_day_seconds = 86'400;

std::optional<std::int64_t> seconds_to_ns(std::int64_t seconds, std::int64_t fraction_ns = 0) {
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, k_second_ns, &ns)) return std::nullopt;
  if (__builtin_add_overflow(ns, fraction_ns, &ns)) return std::nullopt;
  return ns;
}

/// Rounds towards the past, where C++ rounds towards zero.
std::int64_t floor_seconds(std::int64_t time_ns) {
  return time_ns / k_second_ns - (time_ns % k_second_ns < 0 ? 1 : 0);
}

/// All of `digits`, which must be decimal digits and fit.
std::optional<std::int64_t> parse_digits(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, value).ec != std::errc()) return std::nullopt;
  return value;
}

/// Takes exactly `count` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  const auto value = parse_digits(text.substr(0, count));
  if (!value) return std::nullopt;
  text.remove_prefix(count);
  return static_cast<int>(*value);
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// A date and a time of day, not yet in any zone.
struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t fraction_ns = 0;
};

std::int64_t utc_seconds(const CivilTime& time) {
  const std::chrono::sys_days days = std::chrono::year{time.year} /
                                     static_cast<unsigned>(time.month) /
                                     static_cast<unsigned>(time.day);
  return days.time_since_epoch().count() * k_day_seconds + time.hour * 3600 + time.minute * 60 +
         time.second;
}

/// In the local zone. A time that the clocks skip is moved by the system, as everywhere.
std::int64_t local_seconds(const CivilTime& time) {
  std::tm parts = {};
  parts.tm_year = time.year - 1900;
  parts.tm_mon = time.month - 1;
  parts.tm_mday = time.day;
  parts.tm_hour = time.hour;
  parts.tm_min = time.minute;
  parts.tm_sec = time.second;
  parts.tm_isdst = -1;
  return std::mktime(&parts);
}

bool take_date(std::string_view& text, CivilTime& time) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return false;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return false;
  const auto day = take_digits(text, 2);
  if (!day) return false;
  time.year = *year;
  time.month = *month;
  time.day = *day;
  return (std::chrono::year{*year} / static_cast<unsigned>(*month) / static_cast<unsigned>(*day))
      .ok();
}

/// ".5" and the like, if it is there; up to nine digits.
bool take_fraction(std::string_view& text, CivilTime& time) {
  if (!take(text, '.')) return true;
  std::size_t count = text.find_first_not_of("0123456789");
  if (count == std::string_view::npos) count = text.size();
  if (count == 0 || count > 9) return false;
  time.fraction_ns = *take_digits(text, count);
  for (; count < 9; ++count) time.fraction_ns *= 10;
  return true;
}

/// "HH:MM", or with seconds.
bool take_time_of_day(std::string_view& text, CivilTime& time) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return false;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return false;
  time.hour = *hour;
  time.minute = *minute;
  if (!take(text, ':')) return true;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return false;
  time.second = *second;
  return take_fraction(text, time);
}

/// "Z", "+02:00" or "+0200", and nothing behind it: the seconds that local time is ahead of UTC.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text == "Z") return 0;
  const bool ahead = take(text, '+');
  if (!ahead && !take(text, '-')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23) return std::nullopt;
  take(text, ':');
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return ahead ? seconds : -seconds;
}

std::optional<std::int64_t> parse_date_time(std::string_view text) {
  CivilTime time;
  if (!take_date(text, time)) return std::nullopt;
  if (text.empty()) return seconds_to_ns(local_seconds(time));
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  if (!take_time_of_day(text, time)) return std::nullopt;
  if (text.empty()) return seconds_to_ns(local_seconds(time), time.fraction_ns);
  const auto offset = parse_offset(text);
  if (!offset) return std::nullopt;
  return seconds_to_ns(utc_seconds(time) - *offset, time.fraction_ns);
}

std::optional<std::int64_t> unit_seconds(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return k_day_seconds;
    case 'w':
      return 7 * k_day_seconds;
    default:
      return std::nullopt;
  }
}

/// "2d": that long before now.
std::optional<std::int64_t> parse_ago(std::string_view text, std::int64_t now_ns) {
  const auto unit = unit_seconds(text.back());
  const auto count = parse_digits(text.substr(0, text.size() - 1));
  if (!unit || !count) return std::nullopt;
  std::int64_t seconds = 0;
  if (__builtin_mul_overflow(*count, *unit, &seconds)) return std::nullopt;
  const auto duration_ns = seconds_to_ns(seconds);
  std::int64_t time_ns = 0;
  if (!duration_ns || __builtin_sub_overflow(now_ns, *duration_ns, &time_ns)) return std::nullopt;
  return time_ns;
}

/// The last local midnight, or that of some days before. A day can have 23 or 25 hours, so the
/// calendar does the counting.
std::optional<std::int64_t> local_midnight(std::int64_t now_ns, int days_before) {
  const std::time_t now = floor_seconds(now_ns);
  std::tm parts = {};
  if (::localtime_r(&now, &parts) == nullptr) return std::nullopt;
  CivilTime midnight;
  midnight.year = parts.tm_year + 1900;
  midnight.month = parts.tm_mon + 1;
  midnight.day = parts.tm_mday - days_before;
  return seconds_to_ns(local_seconds(midnight));
}

}  // namespace

std::string iso8601_utc(std::int64_t time_ns) {
  const std::chrono::sys_seconds time{std::chrono::seconds(floor_seconds(time_ns))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<std::string> utc_day(const std::optional<std::int64_t>& time_ns) {
  if (!time_ns) return std::nullopt;
  return iso8601_utc(*time_ns).substr(0, std::string_view("2026-07-04").size());
}

std::optional<std::int64_t> parse_iso8601_utc(std::string_view text) {
  constexpr std::string_view k_form = "YYYY-MM-DDTHH:MM:SSZ";
  if (text.size() != k_form.size()) return std::nullopt;
  CivilTime time;
  if (!take_date(text, time) || !take(text, 'T') || !take_time_of_day(text, time)) {
    return std::nullopt;
  }
  if (text != "Z") return std::nullopt;
  return seconds_to_ns(utc_seconds(time));
}

std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns) {
  constexpr std::size_t k_most_second_digits = 11;
  text = trim(text);
  if (text.empty()) return std::nullopt;
  if (text == "now") return now_ns;
  if (text == "today") return local_midnight(now_ns, 0);
  if (text == "yesterday") return local_midnight(now_ns, 1);
  if (const auto number = parse_digits(text)) {
    return text.size() > k_most_second_digits ? number : seconds_to_ns(*number);
  }
  if (const auto ago = parse_ago(text, now_ns)) return ago;
  return parse_date_time(text);
}

}  // namespace ktstr
