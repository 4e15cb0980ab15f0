// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ktstr {

/// No machine has as many. A longer list is refused: a few bytes could name 2^64 CPUs.
inline constexpr std::size_t k_most_listed_cpus = 65'536;

/// The kernel's lists of CPUs: "0-3,8, 10". Sorted; a CPU that is named twice is there twice.
/// Empty parts are skipped, a range that runs backwards holds nothing. None if anything else than
/// a number stands anywhere. Takes valid UTF-8; pure.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_cpu_list(std::string_view text);

}  // namespace ktstr
