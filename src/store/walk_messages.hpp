// SPDX-License-Identifier: MIT
#pragma once

// The lines that the harness prints about files it could not load; one text for all who print them.
// Paths are shown as Rust shows them (U+FFFD for what is not UTF-8), control characters as \n or
// \xNN, so that a line stays one line. Pure functions; thread-safe.

#include <cstddef>
#include <optional>
#include <string>

namespace ktstr {

/// `count` files under `directory` were left out because they could not be parsed.
[[nodiscard]] std::string stale_files_line(std::size_t count, const std::string& directory);

/// One file could not be read.
[[nodiscard]] std::string unreadable_file_line(const std::string& path,
                                               const std::string& raw_error);

/// The harness's advice for a parse error; it has some for a missing `host` only. A value of the
/// JSON documents, so its path keeps control characters.
[[nodiscard]] std::optional<std::string> enriched_parse_error(const std::string& path,
                                                              const std::string& raw_error);

}  // namespace ktstr
