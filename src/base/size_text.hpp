// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ktstr {

/// Bytes as a person writes them: "1048576", "500K", "500M", "2G", "1T", "1.5G", each also with
/// "B" or "iB" behind, in any case; the letters count in 1024s. Nothing if it can't be read, is
/// negative or doesn't fit. Pure; thread-safe.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

}  // namespace ktstr
