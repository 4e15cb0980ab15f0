// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>

#include "catalog/archive_mirror.hpp"
#include "catalog/mirror.hpp"
#include "ktstr/writer.hpp"

namespace ktstr {

/// What follows a writer's changes, for one call of a writing function: the catalog's mirror, and
/// the archive of what is about to go, unless that is off. Of the runs root and the files that the
/// options' variables name, shared with all other calls of this process that mean the same.
class Mirroring final : ChangeObserver {
 public:
  /// Throws what the variables throw.
  explicit Mirroring(const WriterOptions& options);

  /// Null if the options want none. Valid as long as this object.
  [[nodiscard]] ChangeObserver* observer() { return mirror_ ? this : nullptr; }

 private:
  void about_to_remove(std::span<const FileChange> files) noexcept override;
  void removed(std::span<const FileChange> files) noexcept override;
  void written(const FileChange& file) noexcept override;
  void rewritten(const FileChange& file) noexcept override;

  std::optional<CatalogMirror> mirror_;
  std::optional<ArchiveMirror> archive_;
};

}  // namespace ktstr
