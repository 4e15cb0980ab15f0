// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ktstr {

// All three are pure, thread-safe and give the same value on every machine for ever: file names
// and stored rows carry them.

/// SipHash with one compression and three finalization rounds.
[[nodiscard]] std::uint64_t siphash13(std::string_view bytes, std::uint64_t key0,
                                      std::uint64_t key1);

/// XXH3, 128 bits, as 32 lower-case hex digits in canonical order (high half first).
[[nodiscard]] std::string content_id(std::string_view bytes);

/// XXH3, 64 bits.
[[nodiscard]] std::uint64_t xxh3_64(std::string_view bytes);

}  // namespace ktstr
