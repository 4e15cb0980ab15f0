// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// Takes one line for a person, without a newline.
using MessageSink = std::function<void(std::string_view line)>;

/// Opens for the first who asks and for nobody after. Thread-safe.
class OnceGate {
 public:
  [[nodiscard]] bool enter() { return !entered_.test_and_set(); }

 private:
  std::atomic_flag entered_;
};

/// A OnceGate for each key. Thread-safe.
class OncePerKey {
 public:
  [[nodiscard]] bool enter(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return entered_.insert(key).second;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> entered_;
};

}  // namespace ktstr
#pragma GCC visibility pop
