// SPDX-License-Identifier: MIT
#include "base/clock.hpp"

#include <chrono>
#include <thread>

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

}  // namespace ktstr
