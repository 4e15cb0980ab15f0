// SPDX-License-Identifier: MIT
#include "stop_request.hpp"

#include <ctime>

namespace ktstr {

StopRequest::StopRequest() {
  sigemptyset(&held_);
  sigaddset(&held_, SIGINT);
  sigaddset(&held_, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &held_, &before_);
}

StopRequest::~StopRequest() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

bool StopRequest::is_made() {
  const timespec at_once{};
  if (signal_ == 0) {
    const int number = ::sigtimedwait(&held_, nullptr, &at_once);
    if (number > 0) signal_ = number;
  }
  return signal_ != 0;
}

}  // namespace ktstr
