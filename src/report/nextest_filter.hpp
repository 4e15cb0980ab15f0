// SPDX-License-Identifier: MIT
#pragma once

// Filtersets for `cargo nextest run -E`. Pure; thread-safe.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

/// Matches the tests that the harness's test binaries list for a test function: NAME, ktstr/NAME,
/// gauntlet/NAME, each with or without more parts after a slash, and behind a module path or a
/// binary's name. Any bytes will do: what is special in a regular expression, or could end a
/// quoted argument, is escaped, so that the term can stand between single quotes.
[[nodiscard]] std::string nextest_term(std::string_view test_name);

/// The union of the terms, on one line; for no names a term that matches nothing.
[[nodiscard]] std::string nextest_filter(const std::vector<std::string>& test_names);

/// The same union in pieces of at most `most_bytes` (a term that is longer stands alone). nextest
/// runs what any of several -E options matches, and one argument of a program is limited to 128
/// KiB on Linux.
[[nodiscard]] std::vector<std::string> nextest_filters(const std::vector<std::string>& test_names,
                                                       std::size_t most_bytes = 64 * 1024);

}  // namespace ktstr
