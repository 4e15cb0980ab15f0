// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace ktstr {

// By file descriptors that the caller owns. Thread-safe.

/// What is left to read in `from`, to `to`. 0, else an errno: EFBIG if there is more than
/// `max_bytes` (which then were copied).
[[nodiscard]] int copy_bytes(int from, int to, std::uint64_t max_bytes);

/// write(2) until all is written; false with errno.
[[nodiscard]] bool write_whole(int to, std::string_view bytes);

}  // namespace ktstr
