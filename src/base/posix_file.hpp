// SPDX-License-Identifier: MIT
#pragma once

// The calls behind system_file_system(). Nothing outside src/base includes this.

#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.hpp"

namespace ktstr::posix {

/// Owns a file descriptor; closes it when it dies.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int number() const { return number_; }
  /// Gives the number away; the caller closes it.
  [[nodiscard]] int release();

 private:
  int number_;
};

/// A name and the open directory that it is relative to.
struct Location {
  int directory;           ///< a descriptor, or AT_FDCWD
  std::string name;        ///< what the system is asked for
  std::string shown_path;  ///< what an error names
};

/// write(2) until all is written.
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
