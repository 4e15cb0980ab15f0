// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "options.hpp"

namespace ktstr {

/// "KEY=VALUE", repeatable. A key is what can stand behind "label." in an expression: letters,
/// digits and underscores, a letter first.
[[nodiscard]] ValueParser parse_label_into(
    std::vector<std::pair<std::string, std::string>>& labels);

}  // namespace ktstr
