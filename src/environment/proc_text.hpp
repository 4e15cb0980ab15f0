// SPDX-License-Identifier: MIT
#pragma once

// How the harness reads text of /proc and /sys: by the rules of Rust's string functions. All take
// valid UTF-8, give views into it, and are pure.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ktstr {

/// The first of the words that Unicode white space separates; empty if there is none.
[[nodiscard]] std::string_view first_word(std::string_view text);

/// Lines without their "\n" or "\r\n"; a last one without an end counts.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// Decimal digits alone, but for one "+" in front. None if it doesn't fit.
[[nodiscard]] std::optional<std::uint64_t> parse_u64(std::string_view text);

}  // namespace ktstr
