// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace ktstr {

// Whether a text that somebody else chose may become a part of a path of ours. Pure; thread-safe.

/// A part of a file's name: UTF-8, without slashes and control characters (a line's end, NUL).
[[nodiscard]] bool can_stand_in_file_name(std::string_view text);

/// A part of a run directory's name: as above, without ".." and short enough for two of them.
[[nodiscard]] bool can_stand_in_run_directory_name(std::string_view text);

}  // namespace ktstr
