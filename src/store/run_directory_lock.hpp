// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"
#include "base/time_text.hpp"

// Who holds a flock, by the kernel's own lock table. For a message only: a lock can change hands
// while it is being looked at. All but the last function are pure; all are thread-safe.

namespace ktstr {

/// A mount point of mountinfo with its octal escapes undone ("\040" is a space). What is no
/// escape of one byte stays as it stands.
[[nodiscard]] std::string unescape_mount_point(std::string_view text);

/// The device of the file system that `path` (absolute, links resolved) is on, as "MM:mm" of the
/// lock table: two or more lower-case hex digits each. The longest mount point above the path
/// counts, of equal ones the first. None if no line covers it.
///
/// Not st_dev: stat and the lock table differ on btrfs, overlayfs and bind mounts.
[[nodiscard]] std::optional<std::string> device_of_mount(std::string_view mountinfo,
                                                         std::string_view path);

/// The process ids of the flocks held on "MM:mm:INODE", each once, in the table's order. Waiters
/// and locks of other kinds don't count.
[[nodiscard]] std::vector<std::uint32_t> flock_holders(std::string_view lock_table,
                                                       std::string_view needle);

/// A process's arguments on one line, at most 100 characters of them.
[[nodiscard]] std::string command_line_text(std::string_view arguments);

/// One line "  pid=P cmd=C" for each holder, or "<none recorded>": also where they can't be found
/// out.
[[nodiscard]] std::string lock_holders_text(FileSystem& files, const std::string& lock_path);

// The lock that keeps the writers of one run directory apart, the harness's own among them: a flock
// on a file beside the directory. Everything here is thread-safe; two threads of one process
// exclude each other as two processes do.

/// "{parent}/.locks/{name}.lock", with parent and name as Rust's Path has them. None for a path
/// without a name: "", "/", ".", "a/..".
[[nodiscard]] std::optional<std::string> run_directory_lock_path(std::string_view directory);

/// A file system on which a flock doesn't do what it says.
struct RemoteFileSystem {
  const char* name;
  const char* reason;
};
/// By statfs's f_type, whatever width it has there. None for a file system that is accepted, an
/// unknown one too.
[[nodiscard]] std::optional<RemoteFileSystem> remote_file_system(std::uint32_t type);
[[nodiscard]] std::string remote_file_system_text(const std::string& lock_path,
                                                  const RemoteFileSystem& remote);

/// As Rust's Duration shows itself: "30s", "1.5s", "300ms", "0ns".
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

inline constexpr std::chrono::milliseconds k_run_directory_lock_timeout{30'000};

/// The held lock. It ends when this dies or the process does.
class RunDirectoryLock {
 public:
  /// Tries at once, then after 1, 2, 4 ms and so on, at most 100 ms apart, until `timeout` has
  /// passed; so a timeout of zero is one attempt. Makes ".locks" where it is missing; neither that
  /// nor the file may be a link or anything else that isn't ours. Errors, the whole sentence in the
  /// message: `busy` when the time ran out, with the holders; no lock path for this directory; a
  /// remote file system; whatever the system says.
  [[nodiscard]] static Result<RunDirectoryLock> acquire(const std::string& directory,
                                                        std::chrono::nanoseconds timeout,
                                                        FileSystem& files, Clock& clock);

 private:
  explicit RunDirectoryLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  /// None: somebody else has it.
  [[nodiscard]] static Result<std::optional<RunDirectoryLock>> try_once(
      const posix::Location& lock_file);

  Descriptor descriptor_;
};

}  // namespace ktstr
