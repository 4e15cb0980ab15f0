// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace ktstr {

/// The path from the root of the file system, links and ".." as written; the path itself where the
/// working directory can't be told. Thread-safe.
[[nodiscard]] std::string absolute_path(const std::string& path);

}  // namespace ktstr
