// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace ktstr {

/// One line of a block of facts.
struct Fact {
  std::string name;
  std::string value;  ///< empty: shown as "-"
};

/// "name   value" lines with the values in one column, control characters escaped. Empty for no
/// facts.
[[nodiscard]] std::string facts_text(const std::vector<Fact>& facts);

}  // namespace ktstr
