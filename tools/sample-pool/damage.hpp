// SPDX-License-Identifier: MIT
#pragma once

// Sidecars that are not what they should be: written by another producer, or cut short.

#include <cstddef>
#include <string>

#include "random.hpp"

namespace ktstr::sample {

/// The status that a reader should find.
enum class Intended { ok, drift, corrupt, unreadable };
inline constexpr std::size_t k_intended_count = 4;
[[nodiscard]] const char* intended_name(Intended intended);

struct SidecarBytes {
  std::string bytes;
  Intended intended = Intended::ok;
  const char* detail = "";  ///< what was done to it
};

/// Breaks the record contract as a producer before it did. Different `kind`s break other keys.
[[nodiscard]] SidecarBytes as_older_producer(std::string json, std::size_t kind);
/// As a producer of a later day might.
[[nodiscard]] SidecarBytes as_newer_producer(std::string json, std::size_t kind);
/// No JSON object any more.
[[nodiscard]] SidecarBytes as_corrupt(std::string json, std::size_t kind, Random& random);

}  // namespace ktstr::sample
