// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/index.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// "DOING: " before the message, for an error that names its path there.
[[nodiscard]] inline tl::unexpected<Error> fail_while(const std::string& doing,
                                                      const Error& error) {
  return fail(error.code, doing + ": " + error.message, {}, error.hint);
}

// The functions of ktstr/index.hpp over any file system; tests pass a fake one.

/// A directory, or a link to one. A link that leads nowhere is not.
[[nodiscard]] bool is_directory_entry(const DirectoryHandle& parent, const DirectoryEntry& entry);

[[nodiscard]] Collection collect_with_errors(FileSystem& files, const std::string& directory,
                                             const WalkOptions& options);
[[nodiscard]] std::vector<LoadedSidecar> collect(FileSystem& files, const std::string& directory,
                                                 const WalkOptions& options);
[[nodiscard]] Collection pool_with_errors(FileSystem& files, const std::string& root,
                                          const WalkOptions& options);
[[nodiscard]] std::vector<LoadedSidecar> pool(FileSystem& files, const std::string& root,
                                              const WalkOptions& options);
[[nodiscard]] std::optional<std::string> newest_run_directory(FileSystem& files,
                                                              const std::string& root);

// The lines that the harness prints about files it could not load; one text for all who print them.
// Paths are shown as Rust shows them (U+FFFD for what is not UTF-8), control characters as \n or
// \xNN, so that a line stays one line. Pure functions; thread-safe.

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
