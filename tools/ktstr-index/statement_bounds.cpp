// SPDX-License-Identifier: MIT
#include "statement_bounds.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "catalog/connection.hpp"
#include "end_process.hpp"

namespace ktstr {
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
