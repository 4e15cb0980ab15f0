// SPDX-License-Identifier: MIT
#pragma once

// Looking at one directory: what is in it, and what of that has to be read. Reads no sidecar and
// writes nothing.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "catalog/change_detection.hpp"
#include "catalog/tables.hpp"

namespace ktstr {

/// A directory as it was found.
struct DirectoryListing {
  KnownStamp stamp;  ///< taken on the open directory before it was listed
  bool has_links = false;
  std::vector<DirectoryEntry> sidecars;  ///< entries that are named as sidecars
  std::vector<DirectoryEntry> artifacts;
  std::vector<std::string> directories;  ///< of the root and of run directories: those below
};

enum class DirectoryRole { root, run, job };

/// Stats, then lists. The entries come in byte order.
[[nodiscard]] Result<DirectoryListing> list_directory(DirectoryHandle& directory,
                                                      DirectoryRole role, const Clock& clock);

/// What has to be done with the files of one directory.
struct FilePlan {
  struct Read {
    DirectoryEntry entry;
    std::optional<FileRow> known;
    LookReason reason = LookReason::unchanged;
  };
  struct Put {
    PreparedFile file;
    std::optional<FileRow> known;
  };
  std::vector<Read> to_read;
  std::vector<Put> unreadable;  ///< without trying: no regular file, or nothing there
  std::vector<FileRow> gone;
  std::int64_t unchanged = 0;
};

/// Compares the files found with those known. `entries` must be a complete listing's.
[[nodiscard]] FilePlan plan_files(const DirectoryHandle& directory,
                                  const std::vector<DirectoryEntry>& entries,
                                  std::vector<FileRow> known, CheckLevel level);

[[nodiscard]] std::vector<ArtifactRow> stat_artifacts(const DirectoryHandle& directory,
                                                      const std::vector<DirectoryEntry>& entries);

}  // namespace ktstr
