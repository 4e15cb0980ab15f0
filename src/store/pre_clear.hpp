// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/result.hpp"
#include "store/staged_file.hpp"

namespace ktstr {

/// In a run directory: the token of the session that cleared it last.
inline constexpr const char* k_session_sentinel = ".ktstr_run_epoch";

/// The token in an open run directory. None without a sentinel, with an empty or damaged one, and
/// where a link or anything but a regular file has its name. Errors: busy (the system is short of
/// something) and permission: there may be one. Thread-safe.
[[nodiscard]] Result<std::optional<std::string>> read_session_sentinel(
    const DirectoryHandle& directory);

// A run directory shows one session: the first write of a process into it removes the sidecars that
// an earlier session left, unless a process of the same session was there before.

struct PreClear {
  std::string directory;  ///< exists; its lock is held
  /// Of this session. None, or empty: nobody can tell this session's files from older ones, so all
  /// go.
  std::optional<std::string> session_token = {};
  ChangeObserver* observer = nullptr;
  MessageSink messages = {};  ///< is told why nothing was cleared
};

/// The directories that this process is done with. Thread-safe.
class PreClearMemo {
 public:
  /// Removes sidecars and orphaned staging files from the directory, the first time that it is
  /// asked about it (by whatever path), and notes the session there. Only files directly in it, or
  /// links to files; subdirectories, dumps and traces stay. Errors end nothing: old results beside
  /// new ones are better than a lost run. A directory that is a link is left as it is: what it
  /// leads to is no run directory of this root. So is one where the session can't be noted, as
  /// where a link, or anything that is no regular file, has the sentinel's name: clearing would
  /// remove what the session's other processes wrote. `messages` gets a line then, and where
  /// something could not be removed. Gives the paths of what it
  /// removed, absolute, to be announced once the lock is released; it has announced itself that
  /// they are about to go.
  std::vector<std::string> clear_once(FileSystem& files, const PreClear& what);

 private:
  // Held while a directory is cleared: another thread that already saw it as done would write a
  // sidecar which the first one then removes.
  std::mutex mutex_;
  std::set<std::string> done_;
};

/// The one of this process.
PreClearMemo& process_pre_clear_memo();

}  // namespace ktstr
