// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace ktstr {

/// A sidecar's place below a runs root.
struct SidecarPlace {
  std::string run_dir;
  std::string job;  ///< '' directly in the run directory
  std::string file_name;
};

/// Of a path as a writer was given it; `root` is canonical. None for a file that is no sidecar, or
/// where a walk of the root doesn't look. Asks the file system where links may be above it.
/// Thread-safe.
[[nodiscard]] std::optional<SidecarPlace> sidecar_place(const std::string& root,
                                                        const std::string& path);

}  // namespace ktstr
