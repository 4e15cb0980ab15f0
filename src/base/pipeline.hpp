// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

/// Threads that turn an In into an Out, and hand the Outs back in the order of the Ins. Owned and
/// called by one thread. Its end drops what nobody has begun and waits for what somebody has.
template <class In, class Out, class Work>
class OrderedWorkers {
 public:
  OrderedWorkers(std::size_t window, Work& work) : slots_(window), work_(work) {}
  OrderedWorkers(const OrderedWorkers&) = delete;
  OrderedWorkers& operator=(const OrderedWorkers&) = delete;
  ~OrderedWorkers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    submitted_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Starts up to `count` threads; how many it got is for the caller to look at.
  std::size_t start(std::size_t count) {
    try {
      while (threads_.size() < count) threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {  // the system has no more; fewer will do
    }
    return threads_.size();
  }

  [[nodiscard]] bool is_empty() const { return added_ == returned_; }
  [[nodiscard]] bool is_full() const { return added_ - returned_ == slots_.size(); }
  /// Time to add some: a thread that is woken for each item sleeps and wakes more than it works.
  [[nodiscard]] bool is_half_empty() const { return (added_ - returned_) * 2 <= slots_.size(); }

  /// Must not be full.
  void add(In&& item) {
    {
      const std::lock_guard lock(mutex_);
      slot_of(added_).in.emplace(std::move(item));
      ++added_;
    }
    submitted_.notify_one();
  }

  /// Waits for the oldest item's outcome; throws what its work threw. Must not be empty.
  Out next() {
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(returned_);
    if (!slot.is_done()) {
      // Until half of them are done: so this thread too sleeps and wakes seldom.
      wait_for(slot_of(returned_ + (added_ - returned_) / 2), lock);
      wait_for(slot, lock);
    }
    ++returned_;
    if (slot.failure) std::rethrow_exception(std::exchange(slot.failure, nullptr));
    Out out = std::move(*slot.out);
    slot.out.reset();
    return out;
  }

 private:
  struct Slot {
    std::optional<In> in;
    std::optional<Out> out;
    std::exception_ptr failure;

    [[nodiscard]] bool is_done() const { return out || failure; }
  };

  Slot& slot_of(std::uint64_t position) { return slots_[position % slots_.size()]; }

  void wait_for(const Slot& slot, std::unique_lock<std::mutex>& lock) {
    awaited_ = &slot;
    finished_.wait(lock, [&slot] { return slot.is_done(); });
    awaited_ = nullptr;
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      submitted_.wait(lock, [this] { return stopping_ || begun_ < added_; });
      if (stopping_) return;
      Slot& slot = slot_of(begun_++);
      std::optional<In> item = std::exchange(slot.in, std::nullopt);
      lock.unlock();
      work_on(std::move(*item), slot);
      item.reset();  // not under the lock: it may own a file
      lock.lock();
    }
  }

  /// Nobody else touches the slot's outcome until it is there, but the owner watches for it.
  void work_on(In&& item, Slot& slot) {
    std::optional<Out> out;
    std::exception_ptr failure;
    try {
      out.emplace(work_(std::move(item)));
    } catch (...) {
      failure = std::current_exception();
    }
    bool is_awaited = false;
    {
      const std::lock_guard lock(mutex_);
      slot.out = std::move(out);
      slot.failure = std::move(failure);
      is_awaited = awaited_ == &slot;
    }
    if (is_awaited) finished_.notify_one();
  }

  std::mutex mutex_;  ///< guards the slots and counts; the last two are written by the owner only
  std::condition_variable submitted_;
  std::condition_variable finished_;
  std::vector<Slot> slots_;
  std::uint64_t begun_ = 0;
  std::uint64_t added_ = 0;
  std::uint64_t returned_ = 0;
  const Slot* awaited_ = nullptr;  ///< the owner waits for it
  bool stopping_ = false;
  Work& work_;
  std::vector<std::thread> threads_;
};

/// Sends what `produce` gives through `work` on `workers` threads to `consume`, in order.
/// - `produce() -> std::optional<In>` and `consume(Out&&) -> Result<void>` are called by the
/// calling
///   thread, never at once; nothing from `produce` ends it.
/// - `work(In&&) -> Out` is called by several threads at once (by the caller if `workers` is 0).
/// - At most `window` items (at least one) are between produced and consumed.
/// The first error of `consume` is returned, the first exception of any of the three is thrown; by
/// then all threads have ended.
template <class In, class Out, class Produce, class Work, class Consume>
[[nodiscard]] Result<void> run_ordered(std::size_t workers, std::size_t window, Produce&& produce,
                                       Work&& work, Consume&& consume) {
  OrderedWorkers<In, Out, std::remove_reference_t<Work>> pool(std::max<std::size_t>(window, 1),
                                                              work);
  if (pool.start(workers) == 0) {
    while (std::optional<In> item = produce()) {
      if (Result<void> consumed = consume(work(std::move(*item))); !consumed) return consumed;
    }
    return {};
  }
  bool is_at_end = false;
  for (;;) {
    const bool is_time_to_fill = pool.is_half_empty();
    while (!is_at_end && is_time_to_fill && !pool.is_full()) {
      if (std::optional<In> item = produce()) {
        pool.add(std::move(*item));
      } else {
        is_at_end = true;
      }
    }
    if (pool.is_empty()) return {};
    if (Result<void> consumed = consume(pool.next()); !consumed) return consumed;
  }
}

}  // namespace ktstr
