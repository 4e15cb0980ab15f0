// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive.hpp"
#include "base/time_text.hpp"
#include "database/extract.hpp"
#include "environment/places.hpp"
#include "library/open_index.hpp"
#include "store/import_source.hpp"

namespace ktstr {

/// What import takes, in an archive that goes when this dies.
struct GatheredArchive {
  TemporaryDirectory directory;
  std::unique_ptr<SQLite::Database> database;  ///< read-only
  bool is_partial = false;                     ///< not all that was named could be taken
};
/// `notes` gets what was left out. Errors: what could not be read at all; interrupted.
[[nodiscard]] Result<GatheredArchive> gather_archive(const std::vector<std::string>& paths,
                                                     const OpenIndexOptions& options,
                                                     const std::function<bool()>& should_stop,
                                                     std::vector<std::string>& notes);

/// What import takes, open to be asked and kept nowhere: an index whose views are about the
/// results of `paths`, all versions of them. A temporary archive, gone from the disk already, holds
/// what was read. Ids are what they are there. Notes and errors as above.
[[nodiscard]] Result<OpenIndex> open_to_look_at(const std::vector<std::string>& paths,
                                                OpenIndexOptions options,
                                                const std::function<bool()>& should_stop,
                                                std::vector<std::string>& notes);

// What somebody brings along, into an archive: runs roots, run directories, trees, tars and zips,
// and other archives or packs.

/// Of packs whose results belong to a project without a repository: its place is nobody's business,
/// so they become the project's of whoever imports them.
inline constexpr const char* k_packed_project = "path:pack";

struct ImportRequest {
  std::string path;     ///< as the user named it
  std::string project;  ///< under which it is filed; an archive's results keep theirs
  std::vector<std::pair<std::string, std::string>> labels;  ///< for all that it holds
  bool with_traces = false;
  std::uint64_t max_file_bytes = ReadLimits{}.max_file_bytes;
  std::uint64_t max_dump_bytes = 64ULL << 20;       ///< of a larger one, only the name is kept
  std::function<void(std::int64_t done)> progress;  ///< files or rows so far
  std::function<bool()> should_stop;
};

struct ImportReport {
  std::string path;         ///< absolute
  bool is_archive = false;  ///< or a pack
  std::int64_t added = 0;   ///< results
  std::int64_t known = 0;   ///< results that the archive had, under the same name
  std::int64_t dumps = 0;
  std::int64_t known_dumps = 0;
  std::int64_t synthetic = 0;  ///< the sample generator's, refused
  ImportSummary summary;       ///< what was left out; of an archive nothing
  std::optional<Error> failure;

  /// Not all that it holds could be read.
  [[nodiscard]] bool is_damaged() const {
    return failure || summary.damaged || summary.unreadable.count > 0;
  }
  /// The same, or what are results, or may hold some, was refused.
  [[nodiscard]] bool lacks_results() const {
    return is_damaged() || summary.refused_results > 0 || summary.too_deep.count > 0;
  }
  /// It may hold results that were not taken, links and bad names besides; or there was nothing in
  /// it at all.
  [[nodiscard]] bool is_partial() const {
    const bool is_empty = !is_archive && summary.files() + summary.ignored == 0;
    return is_damaged() || is_empty || summary.refused.count > 0 || summary.too_deep.count > 0;
  }
};

/// Takes in what is new; what was taken in before an error stays. The caller ends with a sync().
/// Failure `interrupted`: should_stop said so.
[[nodiscard]] ImportReport import_path(Archive& archive, const ImportRequest& request,
                                       const Clock& clock);

/// By the file's header: an archive or a pack.
[[nodiscard]] bool is_archive_file(const std::string& path);

/// Under which an import is filed: the project whose past a question from here is about.
[[nodiscard]] Result<std::string> project_of_import(Archive& archive, OpenIndexOptions options);

/// What the user should know of it, one sentence each.
[[nodiscard]] std::vector<std::string> notes_of(const ImportReport& report);

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
