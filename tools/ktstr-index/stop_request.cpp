// SPDX-License-Identifier: MIT
#include "stop_request.hpp"

#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "end_process.hpp"

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

}  // namespace ktstr
