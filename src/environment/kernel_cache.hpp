// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace ktstr {

/// The CRC-32 of zlib, gzip and Ethernet. Pure; thread-safe.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes);

}  // namespace ktstr
