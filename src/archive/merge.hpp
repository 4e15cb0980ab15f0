// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "ktstr/result.hpp"

// One archive's rows into another: the set union by content-derived ids. Imports of packs and of
// other hosts' archives, and the mending of a damaged one, are all this.

namespace ktstr {

struct MergeReport;

struct MergeOptions {
  /// '' keeps each root as the source has it (mending); else all that comes in is of this origin,
  /// and what is known already under the same name and content isn't doubled.
  std::string origin;
  /// For an import: what the source files under the first of these is filed under the second.
  std::string project_from;
  std::string project_to;
  /// Skip what can't be read instead of failing: for a damaged source.
  bool is_tolerant = false;
  bool with_pins = false;
  std::function<void(std::int64_t rows)> progress;
  std::function<bool()> should_stop;
  /// After each commit, with all that is committed so far: what stays, should it fail later.
  std::function<void(const MergeReport& so_far)> committed;
};

struct MergeReport {
  std::int64_t results = 0;       ///< new in the target
  std::int64_t known = 0;         ///< were there
  std::int64_t artifacts = 0;     ///< dumps, new in the target
  std::int64_t documents = 0;     ///< bytes, new in the target
  std::int64_t lost_results = 0;  ///< rows that could not be read, as far as they can be counted
  std::int64_t lost_documents = 0;
  /// Results whose names and verdicts are here, but not all of their metrics.
  std::int64_t incomplete_results = 0;
  /// Made of their documents again: session, times and ending are lost.
  std::int64_t rebuilt_results = 0;
  /// Of a tolerant merge: why nothing could be read, so that all of it is lost; '' otherwise.
  std::string unreadable;
  /// Of a tolerant merge: tables that are missing, or of which not every row could be read, and
  /// whose rows nothing else gives back.
  std::vector<std::string> lost_tables;

  /// Nothing was found to be missing, be it only the session and times of a result.
  [[nodiscard]] bool is_complete() const { return !has_losses() && rebuilt_results == 0; }
  [[nodiscard]] bool has_losses() const {
    return lost_results + lost_documents + incomplete_results > 0 || !unreadable.empty() ||
           !lost_tables.empty();
  }
};

/// `source` is the path of an archive of any layout, a stranger's even (ForeignDatabase); it is
/// only read. Documents are unpacked and held against their ids before they come in. Commits a few
/// hundred rows at a time, so that others can write in between; what was committed stays, and
/// another merge of the same source goes on where this one ended. Error: interrupted, corrupt (the
/// source, unless tolerant), newer_version, usage (the source is no archive), busy, io (full).
[[nodiscard]] Result<MergeReport> merge_archive(SQLite::Database& target, const std::string& source,
                                                const MergeOptions& options);

}  // namespace ktstr
