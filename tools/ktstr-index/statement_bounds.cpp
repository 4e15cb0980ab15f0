// SPDX-License-Identifier: MIT
#include "statement_bounds.hpp"

#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "database/connection.hpp"
#include "session_run.hpp"

namespace ktstr {
namespace {

/// All that a handler can see. Signals are the process's, and so is this.
struct Received {
  std::atomic<int> signal{0};
  std::atomic<int> descriptor{-1};
  std::atomic<int> patience_ms{0};
};
static_assert(std::atomic<int>::is_always_lock_free);
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): handlers see nothing else
Received received;

void set_alarm_ms(int milliseconds) {
  itimerval timer{};
  timer.it_value.tv_sec = milliseconds / 1000;
  timer.it_value.tv_usec = milliseconds % 1000 * 1000;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void make_readable(int descriptor) {
  const std::uint64_t one = 1;
  if (descriptor >= 0 && ::write(descriptor, &one, sizeof one) < 0) return;  // it is already
}

// Handlers: only what a signal may interrupt.

extern "C" void receive_stop(int number) {
  const int error_number = errno;
  int none = 0;
  if (received.signal.compare_exchange_strong(none, number)) {
    make_readable(received.descriptor);
    set_alarm_ms(received.patience_ms);
  }
  errno = error_number;
}

extern "C" void end_impatiently(int /*number*/) {
  end_process("ktstr-index: stopped in the middle of its work; what was committed stays\n",
              128 + received.signal);
}

void handle(int number, void (*handler)(int), struct sigaction& before) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, &before);
}

}  // namespace

StopRequest::StopRequest(std::chrono::milliseconds patience) {
  received.signal = 0;
  received.patience_ms = static_cast<int>(patience.count());
  handle(SIGALRM, end_impatiently, before_alarm_);
  handle(SIGINT, receive_stop, before_interrupt_);
  handle(SIGTERM, receive_stop, before_terminate_);
}

StopRequest::~StopRequest() {
  ::sigaction(SIGINT, &before_interrupt_, nullptr);
  ::sigaction(SIGTERM, &before_terminate_, nullptr);
  set_alarm_ms(0);
  ::sigaction(SIGALRM, &before_alarm_, nullptr);
  received.descriptor = -1;
  if (descriptor_ >= 0) ::close(descriptor_);
  if (signal_ == 0 && received.signal != 0) std::raise(received.signal);
}

int StopRequest::descriptor() {
  if (descriptor_ >= 0) return descriptor_;
  descriptor_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  received.descriptor = descriptor_;
  if (received.signal != 0) make_readable(descriptor_);
  return descriptor_;
}

bool StopRequest::is_made() {
  signal_ = received.signal;
  return signal_ != 0;
}

namespace {

// What a step that was told to end may still take before the process ends.
constexpr std::int64_t k_grace_ns = 500'000'000;

/// Of the one statement that is watched; what a handler can see.
struct Watched {
  std::atomic<SQLite::Database*> database{nullptr};
  std::atomic<std::int64_t> timeout_ns{0};
  std::atomic<std::int64_t> began_ns{0};  ///< 0: SQLite is not at work
  std::atomic<std::int64_t> worked_ns{0};
  timer_t timer{};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): handlers see nothing else
Watched watched;

int alarm_signal() { return SIGRTMIN; }

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void wake_in(std::int64_t ns) {
  itimerspec after{};
  after.it_value.tv_sec = ns / 1'000'000'000;
  after.it_value.tv_nsec = ns % 1'000'000'000;
  ::timer_settime(watched.timer, 0, &after, nullptr);
}

/// In the handler. Time between steps doesn't count, so it may be too early.
void look() {
  const std::int64_t began_ns = watched.began_ns;
  const std::int64_t left_ns =
      watched.timeout_ns - watched.worked_ns - (began_ns == 0 ? 0 : now_ns() - began_ns);
  if (began_ns == 0 || left_ns > 0) return wake_in(left_ns > 1'000'000 ? left_ns : 1'000'000);
  if (left_ns <= -k_grace_ns) {
    end_process(
        "ktstr-index: the query took longer than --timeout allows, in a step that can't be "
        "stopped\n",
        3);
  }
  interrupt_statements(*watched.database);
  wake_in(k_grace_ns + left_ns);
}

extern "C" void look_at_time(int /*number*/) {
  const int error_number = errno;
  if (watched.database != nullptr) look();
  errno = error_number;
}

/// Watches one statement while it lives.
class TimeBound {
 public:
  TimeBound(SQLite::Database& database, std::int64_t timeout_ns) {
    struct sigaction action {};
    action.sa_handler = look_at_time;
    action.sa_flags = SA_RESTART;
    ::sigaction(alarm_signal(), &action, &before_);
    watched.timeout_ns = timeout_ns;
    watched.worked_ns = 0;
    watched.began_ns = 0;
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = alarm_signal();
    // Without a timer the guard's looks are all there is.
    has_timer_ = ::timer_create(CLOCK_MONOTONIC, &event, &watched.timer) == 0;
    watched.database = &database;
    if (has_timer_) wake_in(timeout_ns);
  }
  TimeBound(const TimeBound&) = delete;
  TimeBound& operator=(const TimeBound&) = delete;
  ~TimeBound() {
    watched.database = nullptr;
    if (has_timer_) ::timer_delete(watched.timer);
    ::sigaction(alarm_signal(), &before_, nullptr);
  }

 private:
  struct sigaction before_ {};
  bool has_timer_ = false;
};

/// SQLite is at work.
class Working {
 public:
  Working() { watched.began_ns = now_ns(); }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;
  ~Working() {
    const std::int64_t began_ns = watched.began_ns.exchange(0);
    watched.worked_ns += now_ns() - began_ns;
  }
};

class BoundedRows final : public RowSource {
 public:
  BoundedRows(SQLite::Database& database, std::int64_t timeout_ns)
      : memory_(k_statement_memory_bytes) {
    if (timeout_ns > 0) time_.emplace(database, timeout_ns);
  }

  Result<void> make(const MakeRows& make) {
    const Working working;
    auto rows = make();
    if (!rows) return fail(std::move(rows.error()));
    rows_ = std::move(*rows);
    return {};
  }
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return rows_->columns(); }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override {
    const Working working;
    return rows_->next(row);
  }

 private:
  MemoryBound memory_;
  std::optional<TimeBound> time_;
  std::unique_ptr<RowSource> rows_;  // ends first
};

}  // namespace

Result<std::unique_ptr<RowSource>> make_bounded(SQLite::Database& database, std::int64_t timeout_ns,
                                                const MakeRows& make) {
  auto rows = std::make_unique<BoundedRows>(database, timeout_ns);
  if (auto made = rows->make(make); !made) return fail(std::move(made.error()));
  return rows;
}

}  // namespace ktstr
