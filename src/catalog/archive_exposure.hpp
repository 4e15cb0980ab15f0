// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace ktstr {

/// A sentence about permissions that let others at an archive: its file, what belongs to that, and,
/// unless the user has named the place, its directory. With the command that takes them away; ''
/// if there are none. Thread-safe.
[[nodiscard]] std::string archive_exposure(const std::string& path, bool is_named);

}  // namespace ktstr
