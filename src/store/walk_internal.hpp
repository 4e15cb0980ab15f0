// SPDX-License-Identifier: MIT
#pragma once

// The functions of ktstr/walk.hpp over any file system; tests pass a fake one.

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/walk.hpp"

namespace ktstr {

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

}  // namespace ktstr
