// SPDX-License-Identifier: MIT
#pragma once

// What somebody brings along, into an archive: runs roots, run directories, trees, tars and zips,
// and other archives or packs.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/archive.hpp"
#include "library/session.hpp"
#include "store/import_source.hpp"

namespace ktstr {

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
};

/// Takes in what is new; what was taken in before an error stays. The caller ends with a sync().
/// Failure `interrupted`: should_stop said so.
[[nodiscard]] ImportReport import_path(Archive& archive, const ImportRequest& request,
                                       const Clock& clock);

/// By the file's header: an archive or a pack.
[[nodiscard]] bool is_archive_file(const std::string& path);

/// Under which an import is filed: the project whose past a question from here is about.
[[nodiscard]] Result<std::string> project_of_import(Archive& archive, SessionOptions options);

/// What the user should know of it, one sentence each.
[[nodiscard]] std::vector<std::string> notes_of(const ImportReport& report);

}  // namespace ktstr
