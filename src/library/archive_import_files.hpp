// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "catalog/archive.hpp"
#include "catalog/sample_filter.hpp"
#include "library/archive_import.hpp"

namespace ktstr {

/// Stores the files of an import as observations that have come to their end: nothing that was
/// brought along stands on this machine. Commits some files at a time. Not thread-safe.
class ImportedFiles {
 public:
  ImportedFiles(Archive& archive, const ImportRequest& request, ImportReport& report,
                const Clock& clock);

  [[nodiscard]] Result<void> take(ImportedFile&& file);
  /// Stores those that are waiting.
  [[nodiscard]] Result<void> flush();

 private:
  struct Waiting {
    std::string run_dir;
    std::string job;
    std::optional<std::string> session;
    std::int64_t mtime_ns = 0;
    std::optional<PreparedFile> sidecar;
    std::optional<KeptArtifact> dump;
    std::optional<PackedDocument> document;
  };

  [[nodiscard]] Waiting prepare(const ImportedFile& file) const;
  [[nodiscard]] KeptArtifact prepare_dump(const ImportedFile& file, std::int64_t mtime_ns) const;
  [[nodiscard]] bool is_refused(const Waiting& file);
  [[nodiscard]] bool is_known(SQLite::Statement& find, const Waiting& file,
                              const std::string& file_name, const std::string& id);
  [[nodiscard]] std::int64_t end_of(const Waiting& file) const;
  void store_waiting();
  void store_sidecar(const Waiting& file);
  void store_dump(const Waiting& file);

  Archive& archive_;
  const ImportRequest& request_;
  ImportReport& report_;
  const Clock& clock_;
  const ArchiveRoot root_;
  const std::int64_t imported_ns_;
  SampleFilter samples_;
  std::int64_t root_id_ = 0;
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  SQLite::Statement find_sidecar_;
  SQLite::Statement find_dump_;
  SQLite::Statement end_sidecar_;
  SQLite::Statement end_dump_;
};

}  // namespace ktstr
