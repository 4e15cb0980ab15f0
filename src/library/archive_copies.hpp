// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace ktstr {

/// Files beside an archive that were made of it, by a migration or because it was damaged, in byte
/// order. Its log, its shared memory and its lock are none.
[[nodiscard]] std::vector<std::string> copies_beside(const std::string& archive_path);

}  // namespace ktstr
