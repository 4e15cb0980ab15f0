// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "environment/git_library.hpp"

namespace ktstr {

/// The 40 hex digits of the commit that HEAD's chain of first parents ends at. Grafts are not
/// followed, nor are replaced objects. None if HEAD is unborn, the clone is shallow, or a commit on
/// the way is missing or can't be read. The repository stays the calling thread's.
[[nodiscard]] std::optional<std::string> root_commit(const GitLibrary& git,
                                                     git_repository* repository);

}  // namespace ktstr
