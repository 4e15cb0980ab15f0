// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"

// The versions of files that an archive has seen, and which of them stood at a time.

namespace SQLite {
class Database;
}

namespace ktstr {

/// A sidecar or dump as it stood under one name.
struct FileVersion {
  std::int64_t row_id = 0;  ///< of the table sidecar or artifact
  std::int64_t root_id = 0;
  std::int64_t directory_id = 0;
  std::string run_dir;
  std::string job;
  std::string file_name;
  std::string kind;  ///< sidecar, failure-dump, …
  std::string id;    ///< "" for a dump whose bytes were not kept
  std::int64_t size_bytes = 0;
  std::optional<std::int64_t> mtime_ns;
  std::optional<std::string> session;
  std::string not_kept;  ///< why
  std::int64_t first_seen_ns = 0;
  std::optional<std::int64_t> ended_ns;
  std::int64_t owner = 0;  ///< of a dump: its result's sidecar_id; 0: none

  /// Relative to its runs root.
  [[nodiscard]] std::string path() const {
    return run_dir + "/" + (job.empty() ? "" : job + "/") + file_name;
  }
  /// A file is seen later than it is written.
  [[nodiscard]] std::int64_t begin_ns() const {
    return mtime_ns ? std::min(*mtime_ns, first_seen_ns) : first_seen_ns;
  }
};

/// The sidecars that a condition over `s` (sidecar), `d` (directory) and `r` (runs_root) holds for.
/// Throws SQLite::Exception.
[[nodiscard]] std::vector<FileVersion> sidecar_versions(SQLite::Database& archive,
                                                        const std::string& condition,
                                                        const std::vector<Value>& parameters);
/// Those whose id begins with 4 or more hex digits. Empty for what are none.
[[nodiscard]] std::vector<FileVersion> versions_by_id(SQLite::Database& archive,
                                                      std::string_view name);
/// [RUN-DIR/][JOB/]TEST[-HASH], or the name of a file.
[[nodiscard]] std::vector<FileVersion> versions_by_parts(SQLite::Database& archive,
                                                         std::string_view name);
/// The dumps and traces of a directory, with their owners. Throws SQLite::Exception.
[[nodiscard]] std::vector<FileVersion> artifact_versions(SQLite::Database& archive,
                                                         std::int64_t directory_id);

/// Of each file, the version that had come last by `at_ns` (none: of all).
[[nodiscard]] std::vector<FileVersion> newest_of_each(std::vector<FileVersion> versions,
                                                      std::optional<std::int64_t> at_ns);
/// Without those that had come to their end by then.
[[nodiscard]] std::vector<FileVersion> standing_at(std::vector<FileVersion> versions,
                                                   std::int64_t at_ns);
/// The last moment at which one of them stood: the end of time if one still does.
[[nodiscard]] std::int64_t last_moment(const std::vector<FileVersion>& versions);

}  // namespace ktstr
