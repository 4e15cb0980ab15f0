// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

#include "ktstr/result.hpp"

namespace ktstr {

// What holds somebody's results is made for as few eyes as they have. Thread-safe: no umask is
// changed. SQLite gives the files beside a database the database's own mode, so it is enough that
// this one is made with it.

inline constexpr mode_t k_owner_only_directory = 0700;
inline constexpr mode_t k_owner_only_file = 0600;

/// The permissions, of 0777, with which a directory and those above it let somebody in: what is
/// made from its content needs no more. Those of the owner alone if they can't be told.
[[nodiscard]] mode_t openness_of(const std::string& directory);

/// Makes the directory and its missing parents with that mode, less the umask; existing ones stay
/// as they are.
[[nodiscard]] Result<void> make_directories(const std::string& path, mode_t mode);

/// Makes an empty file with that mode, less the umask. False: the name is taken, by a link to
/// nowhere too.
[[nodiscard]] Result<bool> make_empty_file(const std::string& path, mode_t mode);

/// Takes from a file or directory of this user what is not in `mode`. No link is followed; what
/// can't be done is left.
void tighten(const std::string& path, mode_t mode);

}  // namespace ktstr
