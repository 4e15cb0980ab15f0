// SPDX-License-Identifier: MIT
#pragma once

// The lock that keeps the writers of one run directory apart, the harness's own among them: a flock
// on a file beside the directory. Everything here is thread-safe; two threads of one process
// exclude each other as two processes do.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "base/safe_open.hpp"

namespace ktstr {

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
