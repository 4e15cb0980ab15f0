// SPDX-License-Identifier: MIT
#pragma once

// What a kernel identifier (the value of KTSTR_KERNEL) means, going by its text alone. Nothing here
// looks at a disk or a network. All functions are thread-safe as far as their variables are.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ktstr/result.hpp"
#include "ktstr/variables.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

struct KernelPath {
  std::string path;  ///< "~" and "~/..." expanded
  friend bool operator==(const KernelPath&, const KernelPath&) = default;
};
struct KernelVersion {
  std::string text;  ///< "6.14", "6.14.2", "6.15-rc3"
  friend bool operator==(const KernelVersion&, const KernelVersion&) = default;
};
struct KernelCacheKey {
  std::string text;
  friend bool operator==(const KernelCacheKey&, const KernelCacheKey&) = default;
};
/// Both ends belong to the range, however it was spelled.
struct KernelRange {
  std::string first;
  std::string last;
  bool spelled_inclusive = false;  ///< "..=" and not ".."
  friend bool operator==(const KernelRange&, const KernelRange&) = default;
};
struct KernelGit {
  std::string url;
  std::string reference;
  friend bool operator==(const KernelGit&, const KernelGit&) = default;
};
using KernelId = std::variant<KernelPath, KernelVersion, KernelCacheKey, KernelRange, KernelGit>;

/// MAJOR.MINOR[.PATCH][-rcN], each a run of ASCII digits.
[[nodiscard]] bool is_kernel_version(std::string_view text);

/// Every text means something; what nothing else fits is a cache key. White space counts. Only
/// HOME is asked for, and only for a path.
[[nodiscard]] KernelId parse_kernel_id(std::string_view text, const Variables& variables);
/// The parts between commas, trimmed, without the empty ones.
[[nodiscard]] std::vector<KernelId> parse_kernel_list(std::string_view text,
                                                      const Variables& variables);
/// The text that means it.
[[nodiscard]] std::string kernel_id_text(const KernelId& id);

/// Error (usage): a range whose first end is newer than its last. A release is newer than its
/// release candidates.
[[nodiscard]] Result<void> validate_kernel_id(const KernelId& id);

}  // namespace ktstr
#pragma GCC visibility pop
