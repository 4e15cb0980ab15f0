// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/safe_open.hpp"
#include "environment/places.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

// Where spools are and what is in them. Thread-safe.

inline constexpr const char* k_spool_journal_name = "journal";
inline constexpr const char* k_spool_parent_name = "spool";

[[nodiscard]] inline std::string spool_parent(const std::string& root) {
  return join_path(root, k_index_directory_name) + "/" + k_spool_parent_name;
}
/// Beside the spool: it has to be there before the spool is.
[[nodiscard]] inline std::string spool_lock_name(const std::string& name) { return name + ".lock"; }

/// "{nanoseconds}-{process}", with "-{number}" behind it where that was taken.
[[nodiscard]] bool is_spool_name(std::string_view name);
/// As a spool calls its files: 1, 2, 3 and so on.
[[nodiscard]] bool is_spooled_file_name(std::string_view name);

/// The directory that holds a root's spools, by no link below the root.
[[nodiscard]] Result<Descriptor> open_spool_parent(const std::string& root, posix::Missing missing);

/// A spool that is there, by no link.
struct OpenSpool {
  std::string path;
  std::string name;
  Descriptor parent;
  Descriptor directory;

  [[nodiscard]] posix::Location inside(const std::string& file_name) const {
    return posix::inside(directory, path, file_name);
  }
  [[nodiscard]] posix::Location lock() const {
    return posix::inside(parent, path.substr(0, path.rfind('/')), spool_lock_name(name));
  }
};
/// What a spool's path says. `directory` isn't open if there is nothing of that name; neither is
/// `parent` where even that is missing.
[[nodiscard]] Result<OpenSpool> open_spool(const std::string& path);

// What a spool says of each file in it: one line a file, appended. Pure; thread-safe.

/// A file as it was seen in a run directory. Names are bytes, as the file system has them.
struct SpoolEntry {
  std::string run_dir;
  std::string job;  ///< empty for a file directly in the run directory
  std::string file_name;
  /// What the run directory's sentinel held then; none for a file in a job directory.
  std::optional<std::string> session;
  std::int64_t captured_ns = 0;
  std::int64_t mtime_ns = 0;    ///< of the file, when it was kept
  std::int64_t size_bytes = 0;  ///< likewise
  bool is_copy = false;         ///< else a hard link, which follows what is written in place

  friend bool operator==(const SpoolEntry&, const SpoolEntry&) = default;
};

struct JournalLine {
  std::uint64_t number = 0;  ///< the file's name in the spool
  SpoolEntry entry;
};

/// The journal's first line, with its end.
[[nodiscard]] std::string journal_head();
[[nodiscard]] std::string journal_line(std::uint64_t number, const SpoolEntry& entry);

/// The lines of a journal, whatever tore it: a line without its end is left out, and so is one
/// that can't be read or names a place outside of a run directory. An error only for the journal
/// of another program's version or of something else.
[[nodiscard]] Result<std::vector<JournalLine>> parse_journal(std::string_view text);

}  // namespace ktstr
