// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/time_text.hpp"
#include "ktstr/result.hpp"

// Signals of a process whose threads and children are ours, but whose handlers are the command's.

namespace ktstr {

/// Holds every signal back in this thread, so that threads and children started meanwhile never
/// take one.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

/// Whether a signal that asks this process to end was held back and waits to be taken: whoever
/// waits for something had better not go on. Thread-safe.
[[nodiscard]] inline bool is_stop_pending() {
  sigset_t pending;
  if (::sigpending(&pending) != 0) return false;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    if (sigismember(&pending, number) == 1) return true;
  }
  return false;
}

// Work of a library that may wait or spin for ever: it gets a thread of its own, which is left
// behind if it doesn't come to an end.

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

// Asking another program a question: what it prints, by a deadline.

struct ProgramQuestion {
  std::string program;  ///< absolute
  std::vector<std::string> arguments = {};
  std::vector<std::string> environment = {};  ///< the whole of it, NAME=value
  std::int64_t until_ns = 0;                  ///< of the steady clock
  std::size_t most_output_bytes = 1 << 20;
};

struct ProgramAnswer {
  int status = 0;
  std::string output = {};  ///< what it printed on its standard output
  bool is_cut_off = false;  ///< it had more to say, and was ended
};

/// Runs the program in "/", without input, what it says on stderr dropped, in a process group of
/// its own, which is killed when the answer is there, the deadline passes, or this thread ends.
/// Nobody else's wait() sees it, and it raises no SIGCHLD.
/// Errors: timeout, interrupted (a signal that this process holds back asks it to end), io (not to
/// be started, or ended by a signal). Thread-safe.
[[nodiscard]] Result<ProgramAnswer> ask_program(const ProgramQuestion& question);

}  // namespace ktstr
