// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"

// The calls behind system_file_system(). Nothing outside src/base includes this.

namespace ktstr::posix {

[[nodiscard]] Result<FileStatus> status_at(const Location& location, FollowLinks follow);

[[nodiscard]] Result<std::unique_ptr<FileHandle>> open_file_at(const Location& location);
[[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_directory_at(const Location& location);
/// Null if the name is taken.
[[nodiscard]] Result<std::unique_ptr<WritableFile>> create_new_file_at(const Location& location);
[[nodiscard]] Result<void> sync_directory_at(const Location& location);
[[nodiscard]] Result<void> write_whole_file_at(const Location& location, const std::string& bytes);
[[nodiscard]] Result<void> rename_at(const Location& from, const Location& to);
[[nodiscard]] Result<void> remove_file_at(const Location& location);

}  // namespace ktstr::posix
