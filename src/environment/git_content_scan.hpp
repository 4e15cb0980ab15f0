// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "environment/git_repository.hpp"

namespace ktstr {

/// True if one of the files doesn't hold what was recorded. Reads them until one is found, on two
/// threads if there are many.
[[nodiscard]] bool is_any_content_changed(const GitRepository& repository,
                                          const std::vector<const GitIndexEntry*>& entries);

}  // namespace ktstr
