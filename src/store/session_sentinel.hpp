// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/file_system.hpp"

namespace ktstr {

/// In a run directory: the token of the session that cleared it last, written in place.
inline constexpr const char* k_session_sentinel = ".ktstr_run_epoch";

/// The token in an open run directory. None without a sentinel, with an empty or unreadable one,
/// and where a link or anything but a regular file has its name. Error busy: the system is short of
/// something, and there may be one. Thread-safe.
[[nodiscard]] Result<std::optional<std::string>> read_session_sentinel(
    const DirectoryHandle& directory);

}  // namespace ktstr
