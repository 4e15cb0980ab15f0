// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.hpp"

namespace ktstr {

/// now_iso8601 by any clock.
[[nodiscard]] std::string now_iso8601(const Clock& clock);

/// What a process numbers its records with. Thread-safe; outlived by its clock.
class RunIds {
 public:
  explicit RunIds(const Clock& clock) : clock_(clock) {}

  /// Of the first call of any function here.
  [[nodiscard]] const std::string& timestamp();
  [[nodiscard]] std::string next();

 private:
  const Clock& clock_;
  std::once_flag stamped_;
  std::string timestamp_;
  std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace ktstr
