// SPDX-License-Identifier: MIT
#pragma once

// Pieces of statements that are made from lists of columns.

#include <cstddef>
#include <string>
#include <vector>

namespace ktstr {

/// "?, ?, …"
[[nodiscard]] inline std::string placeholders(std::size_t count) {
  std::string text = "?";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

/// "a, b, …"
[[nodiscard]] inline std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace ktstr
