// SPDX-License-Identifier: MIT
#include "stop_request.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <ctime>

namespace ktstr {

StopRequest::StopRequest() {
  sigemptyset(&held_);
  sigaddset(&held_, SIGINT);
  sigaddset(&held_, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &held_, &before_);
}

StopRequest::~StopRequest() {
  if (descriptor_ >= 0) ::close(descriptor_);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int StopRequest::descriptor() {
  if (descriptor_ < 0) descriptor_ = ::signalfd(-1, &held_, SFD_NONBLOCK | SFD_CLOEXEC);
  return descriptor_;
}

bool StopRequest::is_made() {
  const timespec at_once{};
  if (signal_ == 0) {
    const int number = ::sigtimedwait(&held_, nullptr, &at_once);
    if (number > 0) signal_ = number;
  }
  return signal_ != 0;
}

}  // namespace ktstr
