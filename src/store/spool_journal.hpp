// SPDX-License-Identifier: MIT
#pragma once

// What a spool says of each file in it: one line a file, appended. Pure; thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

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
