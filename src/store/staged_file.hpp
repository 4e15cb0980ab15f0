// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/file_system.hpp"

namespace ktstr {

/// What a write has just done, for tests that kill the process there.
enum class WriteStep {
  directory_created,
  locked,
  cleared,
  staging_created,
  staging_written,
  announced,
  renamed,
  unlocked,
};

/// A file that shall stand under its name whole or not at all.
struct StagedWrite {
  std::string target;
  std::string staging;  ///< in the target's directory; a number is added if the name is taken
  std::string_view bytes;
  std::string label = "file";  ///< what errors call it
  bool sync = false;           ///< wait until the file and its name are on the disk
  /// Called before a file under the target's name is replaced, and only then.
  std::function<void()> about_to_replace = {};
  std::function<void(WriteStep)> at_step = {};
};

/// Writes beside the target and renames over it. Gives the written file's stamp as it is after the
/// rename; zeros if the system doesn't say.
///
/// Errors, the whole sentence in the message: "write LABEL staging P: …", "rename LABEL staging A
/// -> B: …", "sync LABEL staging P: …". After these the target is as it was and no staging file is
/// left. After "sync LABEL directory D: …" the target has the new bytes, and a crash of the machine
/// may still undo that. Thread-safe, also for the same target: the last rename wins.
[[nodiscard]] Result<Stamp> write_staged_file(FileSystem& files, const StagedWrite& what);

}  // namespace ktstr
