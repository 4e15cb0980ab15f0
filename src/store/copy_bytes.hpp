// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ktstr {

// By file descriptors that the caller owns. Thread-safe.

/// What is left to read in `from`, to `to`. 0, else an errno: EFBIG if there is more than
/// `max_bytes` (which then were copied).
[[nodiscard]] int copy_bytes(int from, int to, std::uint64_t max_bytes);

}  // namespace ktstr
