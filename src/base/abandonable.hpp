// SPDX-License-Identifier: MIT
#pragma once

// Work of a library that may wait or spin for ever: it gets a thread of its own, which is left
// behind if it doesn't come to an end.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/signals.hpp"

namespace ktstr {

/// Where a thread leaves its answer, shared with whoever waits: neither outlives it.
template <class Answer>
class Letterbox {
 public:
  void put(std::optional<Answer> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    is_done_ = true;
    done_.notify_all();
  }
  /// False if nothing was put by then, or this process is told to end.
  [[nodiscard]] bool wait_until(std::int64_t until_ns) {
    constexpr std::int64_t k_slice_ns = 20'000'000;  // a signal that is held back wakes nobody
    std::unique_lock lock(mutex_);
    while (!is_done_) {
      const std::int64_t left_ns = until_ns - system_clock().steady_ns();
      if (left_ns <= 0 || is_stop_pending()) return false;
      done_.wait_for(lock, std::chrono::nanoseconds(std::min(left_ns, k_slice_ns)));
    }
    return true;
  }
  [[nodiscard]] std::optional<Answer> take() {
    const std::lock_guard lock(mutex_);
    return std::move(answer_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::optional<Answer> answer_;
};

template <class Answer>
struct Abandonable {
  std::optional<Answer> answer = {};
  bool is_abandoned = false;  ///< the work goes on, and nobody waits for it
};

/// What `work` returns, called on another thread; none if it throws, if no thread is to be had, or
/// if it isn't done at `until_ns` of the steady clock. It may go on until the process ends, so it
/// must own, or share, all that it uses.
template <class Answer>
[[nodiscard]] Abandonable<Answer> abandonable(std::int64_t until_ns,
                                              std::function<std::optional<Answer>()> work) {
  auto letterbox = std::make_shared<Letterbox<Answer>>();
  try {
    const NoSignals held;
    std::thread([letterbox, work = std::move(work)] {
      try {
        letterbox->put(work());
      } catch (...) {  // it is another's code, and none may end this process
        letterbox->put(std::nullopt);
      }
    }).detach();
  } catch (const std::system_error&) {
    return {};
  }
  if (!letterbox->wait_until(until_ns)) return {std::nullopt, true};
  return {letterbox->take(), false};
}

}  // namespace ktstr
