// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/rows.hpp"

namespace ktstr {

/// A number as people read it: bytes as "21.4 KiB", a duration as "1.25 ms", a moment as
/// "2026-07-04 21:41:43" (UTC); three digits of a size or a duration. A plain one is "".
[[nodiscard]] std::string human_number(double number, Quantity quantity);

}  // namespace ktstr
