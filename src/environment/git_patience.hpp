// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ktstr {

/// Until when, on the steady clock, a look at a repository that begins now may take: 5 s. Once one
/// look of this process has waited in vain, a quarter of a second: results wait for these looks.
/// Thread-safe.
[[nodiscard]] std::int64_t git_deadline_ns();

/// Said by a look that got no answer in time. Thread-safe.
void note_waited_in_vain();

}  // namespace ktstr
