// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ktstr {

/// The test that a failure dump or trace is about, and the variant hash if the name has one. A
/// retry's own dump ("….attempt-2.failure-dump.json", newer producers) is about the same.
struct DumpName {
  std::string test;
  std::optional<std::string> hash;  ///< 16 hex digits
};

/// Of a name that classify_artifact knows. Pure; thread-safe.
[[nodiscard]] DumpName dump_name(std::string_view file_name);

}  // namespace ktstr
