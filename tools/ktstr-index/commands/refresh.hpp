// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "base/time_text.hpp"
#include "catalog/refresh.hpp"

namespace ktstr {

/// "[#####---------------] 25 %  12345 files, 8900/s, 4 s left": how far a refresh has come after
/// `elapsed_ns`. Files are in no known number; the time left is guessed by directories, and not at
/// all in the first second.
[[nodiscard]] std::string progress_text(const RefreshProgress& progress, std::int64_t elapsed_ns);

enum class ProgressStyle {
  none,
  bar,    ///< one line of a terminal, drawn over ten times a second
  lines,  ///< a line every five seconds, for a log
};

/// Shows on stderr how a refresh goes; gone when it dies.
class RefreshProgressLine {
 public:
  RefreshProgressLine(ProgressStyle style, const Clock& clock);
  RefreshProgressLine(const RefreshProgressLine&) = delete;
  RefreshProgressLine& operator=(const RefreshProgressLine&) = delete;
  ~RefreshProgressLine();

  void update(const RefreshProgress& progress);

 private:
  ProgressStyle style_;
  const Clock& clock_;
  std::int64_t started_ns_;
  std::int64_t next_ns_;
  bool is_drawn_ = false;
};

}  // namespace ktstr
