// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/file_system.hpp"

// How the writing side tells others about its changes. src/store knows neither catalog nor archive:
// it announces, and whoever mirrors or keeps evidence implements this.

namespace ktstr {

/// A file in a run directory that changes or is about to: a sidecar, a staging file that pre-clear
/// sweeps up, or a dump (its name says which). Nothing in it is owned longer than the call lasts.
struct FileChange {
  /// Absolute, bytes as the file system has them. Which runs root it is below, if any, is for the
  /// observer to find out: the writer may have been given any directory.
  std::string path;
  /// written, rewritten: the file's whole new bytes. Null otherwise.
  const std::string* bytes = nullptr;
  /// written, rewritten: of the descriptor that was written, taken after the rename (which moves
  /// the ctime). By now the path may name another writer's file; compare inodes in the transaction
  /// that uses this. Zeros otherwise.
  Stamp stamp = {};
};

/// Told of every change that the writer, finalize, suppress-dumps and pre-clear make.
///
/// Best effort: nothing an observer does or fails to do may make the change fail or wait
/// unboundedly, so nothing is returned, nothing thrown, and every wait needs a limit of its own.
/// An observer may be called from several threads at once.
///
/// Order, for one file: about_to_remove, the change itself, then removed, written or rewritten. A
/// killed process announces nothing more, and a change that then failed is not taken back: what is
/// announced is a hint where to look, and a refresh decides.
class ChangeObserver {
 public:
  virtual ~ChangeObserver() = default;

  /// These files' bytes are about to be lost, by unlink or by a rename over the name; read them now
  /// if they are to be kept. Called with the run-directory lock held (the only time when nobody
  /// replaces them first), so others wait for it. Not called for a name that does not exist yet.
  /// Pre-clear announces a whole directory at once: one transaction for all, not one each.
  virtual void about_to_remove(std::span<const FileChange> files) noexcept = 0;

  // The rest is called after the run-directory lock was released: a slow mirror must not hold up
  // the tests that run beside it.

  /// The files are gone.
  virtual void removed(std::span<const FileChange> files) noexcept = 0;
  /// The file stands under its name with these bytes: a test's result or a skip, be it the first
  /// under that name or in place of an earlier attempt's.
  virtual void written(const FileChange& file) noexcept = 0;
  /// The same, but it is still the same result: finalize has put its verdict right.
  virtual void rewritten(const FileChange& file) noexcept = 0;
};

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
  std::string directory;  ///< its path, for errors
  std::string target;     ///< a name in it
  std::string staging;    ///< another; a number is added if it is taken
  std::string_view bytes;
  std::string label = "file";  ///< what errors call it
  bool sync = false;           ///< wait until the file and its name are on the disk
  /// Called once the bytes are staged, before they get their name.
  std::function<void()> once_staged = {};
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
[[nodiscard]] Result<Stamp> write_staged_file(DirectoryHandle& directory, const StagedWrite& what);

// By file descriptors that the caller owns. Thread-safe.

/// What is left to read in `from`, to `to`. 0, else an errno: EFBIG if there is more than
/// `max_bytes` (which then were copied).
[[nodiscard]] int copy_bytes(int from, int to, std::uint64_t max_bytes);

}  // namespace ktstr
