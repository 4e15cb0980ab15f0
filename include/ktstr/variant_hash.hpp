// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ktstr/record.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The six fields that tell the variants of one test apart. Hosts, commits, run source, resolve
/// source and cpu budget are left out on purpose: the same variant measured elsewhere must pair.
struct VariantParts {
  std::string topology;
  std::string scheduler;
  std::optional<std::string> payload;
  std::string work_type;
  std::vector<std::string> sysctls;  ///< any order
  std::vector<std::string> kargs;    ///< any order
};

/// SipHash-1-3 with zero keys over the fields as compact JSON with sorted keys and sorted lists.
/// The same number for the same variant for ever: file names carry it. Thread-safe.
[[nodiscard]] std::uint64_t variant_hash(const VariantParts& parts);
[[nodiscard]] std::uint64_t variant_hash(const Record& record);

/// 16 lower-case hex digits, as in "{test}-{hash}.ktstr.json".
[[nodiscard]] std::string variant_hash_text(std::uint64_t hash);

}  // namespace ktstr
#pragma GCC visibility pop
