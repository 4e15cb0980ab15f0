// SPDX-License-Identifier: MIT
#pragma once

// Results that are to be gone: rows, bytes, dumps and labels.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "catalog/archive.hpp"
#include "catalog/archive_space.hpp"
#include "query/archive_pins.hpp"

namespace ktstr {

struct PurgeRequest {
  std::string expression;
  std::optional<std::string> project;  ///< none: of all projects
  bool bytes_only = false;             ///< the rows stay
};

struct PurgePlan {
  std::vector<std::int64_t> sidecar_ids;
  std::vector<std::int64_t> artifact_ids;  ///< the dumps of those
  std::vector<ArchivePin> pins;            ///< that stand for nothing else
  std::int64_t documents = 0;              ///< that no other observation needs
  std::int64_t bytes = 0;                  ///< of those, packed
  std::optional<std::int64_t> oldest_ns;   ///< when the results were made
  std::optional<std::int64_t> newest_ns;
};

/// Looks only. Error usage: what is wrong with the expression.
[[nodiscard]] Result<PurgePlan> plan_purge(SQLite::Database& archive, const PurgeRequest& request,
                                           const Clock& clock);

/// Removes, some results a commit, with zeros written over what they were. Error: interrupted,
/// after what was done is committed; busy, io.
[[nodiscard]] Result<void> apply_purge(Archive& archive, const PurgePlan& plan, bool bytes_only,
                                       const std::function<bool()>& should_stop);

/// Writes the file anew and empties the log, so that no unused part of either holds what was
/// removed. Where there is no room for that, only the free pages go, and `is_rewritten` is false.
struct PurgedSpace {
  SpaceReport space;
  bool is_rewritten = false;
};
[[nodiscard]] Result<PurgedSpace> clean_after_purge(Archive& archive);

}  // namespace ktstr
