// SPDX-License-Identifier: MIT
#pragma once

// The calls behind system_file_system(). Nothing outside src/base includes this.

#include <memory>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/file_system.hpp"

namespace ktstr::posix {

/// A name and the open directory that it is relative to.
struct Location {
  int directory;           ///< a descriptor, or AT_FDCWD
  std::string name;        ///< what the system is asked for
  std::string shown_path;  ///< what an error names
};

[[nodiscard]] Result<void> write_all(int descriptor, std::string_view bytes,
                                     const std::string& path);
/// The error is an errno.
[[nodiscard]] tl::expected<Descriptor, int> try_open_at(const Location& location, int flags);
[[nodiscard]] Result<Descriptor> open_at(const Location& location, int flags);
[[nodiscard]] Result<FileStatus> status_at(const Location& location, FollowLinks follow);
[[nodiscard]] Result<FileStatus> status_of_descriptor(int descriptor, const std::string& path);

[[nodiscard]] Result<std::unique_ptr<FileHandle>> open_file_at(const Location& location);
[[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_directory_at(const Location& location);
/// Null if the name is taken.
[[nodiscard]] Result<std::unique_ptr<WritableFile>> create_new_file_at(const Location& location);
[[nodiscard]] Result<void> sync_directory(const std::string& path);
[[nodiscard]] Result<void> write_whole_file(const std::string& path, const std::string& bytes);

}  // namespace ktstr::posix
