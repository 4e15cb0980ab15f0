// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/summary.hpp"

namespace ktstr {

/// "3 corrupt, 1 unreadable, 2 of another schema", without what there is none of; empty for none.
/// Pure; thread-safe.
[[nodiscard]] std::string left_out_text(const LeftOut& left_out);

}  // namespace ktstr
