// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/tables.hpp"
#include "ktstr/result.hpp"
#include "store/staged_file.hpp"

// Evidence that a writer of sidecars is about to destroy goes into the archive first.

namespace ktstr {

struct ArchiveMirrorOptions {
  std::string root;  ///< canonical
  ArchiveOptions archive;
  FileSystem* file_system = &system_file_system();
  Clock* clock = &system_clock();
};

/// One for all threads of a process, one root and one archive, which is opened, or made, when there
/// is something to keep. Not to be used in a child after a fork, nor destroyed there. Thread-safe.
class SharedArchive {
 public:
  /// What the user should be told; none if all is well, or was complained about before.
  using Remark = std::optional<std::string>;

  explicit SharedArchive(ArchiveMirrorOptions options);

  /// The sidecars among these files as they stand, in one transaction; what the archive has already
  /// costs a read and a hash. Waits for another process's write at most as long as the options'
  /// busy timeout.
  [[nodiscard]] Remark keep(std::span<const FileChange> files);

 private:
  /// A file that stands, read.
  struct Standing {
    SidecarPlace place;
    std::optional<std::string> session;
    PreparedFile file;
    std::string bytes;
    PackedDocument document;  ///< once it is prepared
  };

  [[nodiscard]] std::optional<Standing> read(const FileChange& change) const;
  [[nodiscard]] Result<void> ensure_open();
  [[nodiscard]] bool prepare(Standing& standing) const;
  void put(const Standing& standing);
  [[nodiscard]] Result<void> store(std::vector<Standing>& files);
  [[nodiscard]] Remark give_up(const Error& error);
  [[nodiscard]] Remark take_loss();

  const ArchiveMirrorOptions options_;
  std::atomic<bool> is_off_ = false;
  std::mutex mutex_;  ///< guards the rest
  std::optional<Archive> archive_;
  std::optional<ArchiveRoot> root_;
  bool is_announced_ = false;
  bool has_complained_ = false;
  std::size_t seen_warnings_ = 0;  ///< of the open archive
};

/// Keeps what is about to go, and tells the user once if that fails. `warned` is the process's.
/// Thread-safe as far as the sink is; an empty sink swallows the line.
class ArchiveMirror final : public ChangeObserver {
 public:
  ArchiveMirror(SharedArchive& archive, MessageSink sink);

  void about_to_remove(std::span<const FileChange> files) noexcept override;
  /// What is new, a refresh finds; a first write pays nothing.
  void removed(std::span<const FileChange> files) noexcept override;
  void written(const FileChange& file) noexcept override;
  void rewritten(const FileChange& file) noexcept override;

 private:
  SharedArchive& archive_;
  const MessageSink sink_;
};

}  // namespace ktstr
