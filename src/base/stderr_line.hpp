// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace ktstr {

/// In one piece, so that lines of several processes don't mix. Thread-safe.
inline void print_to_stderr(std::string_view line) {
  std::string text(line);
  text += '\n';
  static_cast<void>(std::fputs(text.c_str(), stderr));
}

}  // namespace ktstr
