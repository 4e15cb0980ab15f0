// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

/// What the operating system says about a file or directory, whole: two stamps are equal or the
/// thing has to be looked at again. Never compared with "the last run" (a clock can jump, a copy
/// can keep its mtime).
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// A change this close to the look could hide behind the same stamp (coarse clocks, racy writes).
inline constexpr std::int64_t k_settle_window_ns = 3'000'000'000;

/// True if no later change can carry the same stamp: its ctime is further from the clock than the
/// window. That holds for a ctime in the future too (a clock that was set back): a change would
/// carry the clock's time. The mtime is not asked, since anybody can set it.
[[nodiscard]] constexpr bool is_settled(const Stamp& stamp, std::int64_t now_ns) {
  return stamp.ctime_ns < now_ns - k_settle_window_ns ||
         stamp.ctime_ns > now_ns + k_settle_window_ns;
}

enum class FileKind { regular, directory, symlink, other };

struct FileStatus {
  FileKind kind = FileKind::other;
  Stamp stamp;
};

enum class FollowLinks { no, yes };

struct DirectoryEntry {
  std::string name;                 ///< bytes, as the file system has them
  FileKind kind = FileKind::other;  ///< of the entry itself: links are not followed
};

/// An open file, for reading. Not thread-safe.
class FileHandle {
 public:
  virtual ~FileHandle() = default;
  /// The status of the open file, whatever its name points to by now.
  [[nodiscard]] virtual Result<FileStatus> status() const = 0;
  /// All its bytes; an error if there are more than `limit_bytes`. Survives short reads and EINTR.
  [[nodiscard]] virtual Result<std::string> read_all(std::uint64_t limit_bytes) = 0;
};

/// An open file that is being written. Not thread-safe.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  /// Behind what was written so far. Survives short writes and EINTR; after an error some of the
  /// bytes may have been written.
  [[nodiscard]] virtual Result<void> write_all(std::string_view bytes) = 0;
  /// Makes a file system that reports a full disk only on close report it now; the file stays open.
  [[nodiscard]] virtual Result<void> flush() = 0;
  /// Waits until the bytes are on the disk.
  [[nodiscard]] virtual Result<void> sync() = 0;
  /// The status of the open file, whatever its name points to by now.
  [[nodiscard]] virtual Result<FileStatus> status() const = 0;
};

/// An open directory: names are resolved against it, so that a rename of a parent can't mix two
/// trees. Not thread-safe.
class DirectoryHandle {
 public:
  virtual ~DirectoryHandle() = default;
  [[nodiscard]] virtual Result<FileStatus> status() const = 0;
  /// Every entry but "." and "..", in byte order of the names. An error if the listing could not
  /// be completed: half a listing must never look like removed files.
  [[nodiscard]] virtual Result<std::vector<DirectoryEntry>> list() = 0;
  [[nodiscard]] virtual Result<FileStatus> status_of(const std::string& name,
                                                     FollowLinks follow) const = 0;
  /// Follows a link. Never blocks on a FIFO or device.
  [[nodiscard]] virtual Result<std::unique_ptr<FileHandle>> open_file(
      const std::string& name) const = 0;
  /// Follows a link.
  [[nodiscard]] virtual Result<std::unique_ptr<DirectoryHandle>> open_directory(
      const std::string& name) const = 0;

  // Changes, as FileSystem has them, of what is directly in the directory: whoever puts another
  // directory, or a link, under its path meanwhile doesn't turn them aside.

  /// Creates a file that nobody else has, mode 0666 before umask. Null if the name is taken, by a
  /// link to nowhere too.
  [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> create_new_file(
      const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<void> remove_file(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> sync() = 0;
};

/// The file system as this project uses it. The real one is thread-safe.
/// Messages of its errors are the system's own with the number: "Permission denied (os error 13)".
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<DirectoryHandle>> open_directory(
      const std::string& path) = 0;
  /// For changes only, so it need not be readable: what lists it is an error.
  [[nodiscard]] virtual Result<std::unique_ptr<DirectoryHandle>> open_to_change(
      const std::string& path, FollowLinks follow) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<FileHandle>> open_file(const std::string& path) = 0;
  [[nodiscard]] virtual Result<FileStatus> status(const std::string& path, FollowLinks follow) = 0;
  /// Creates the directory and its missing parents; an existing one is fine.
  [[nodiscard]] virtual Result<void> create_directories(const std::string& path) = 0;
  /// Creates or replaces a file in place; a link or a FIFO there is an error. 0666 before umask.
  [[nodiscard]] virtual Result<void> write_file(const std::string& path,
                                                const std::string& bytes) = 0;
  /// Waits until the names in the directory are on the disk.
  [[nodiscard]] virtual Result<void> sync_directory(const std::string& path) = 0;
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
};

/// The machine's file system; lives as long as the process.
FileSystem& system_file_system();

/// "No such file or directory (os error 2)": the text that Rust's io::Error shows, which the
/// harness's messages carry. The code is permission, not_found, busy (a shortage) or io.
[[nodiscard]] Error os_error(int error_number, std::string path = {});

}  // namespace ktstr
