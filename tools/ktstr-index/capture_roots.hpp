// SPDX-License-Identifier: MIT
#pragma once

// Which runs roots a capture is about.

#include <string>
#include <vector>

#include "context.hpp"

namespace ktstr {

/// This machine's roots that the archive has results of and that are there now, in byte order.
/// None if there is no archive yet, or none that can be read.
[[nodiscard]] std::vector<std::string> known_roots(const std::string& archive);

/// Canonical, without repetition: `named` and --root if there are any; else the one that other
/// commands would find, and the known ones; else where the harness would make one. They needn't be
/// there. Error: one is something else than a directory.
[[nodiscard]] Result<std::vector<std::string>> roots_to_capture(
    const SessionOptions& options, const std::vector<std::string>& named,
    const std::string& archive);

/// How to open one of them. A catalog that was named is that of the root that other commands would
/// find.
[[nodiscard]] SessionOptions options_for_root(SessionOptions options, const std::string& root,
                                              bool is_only_one);

}  // namespace ktstr
