// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "archive/space.hpp"
#include "base/time_text.hpp"
#include "ktstr/result.hpp"
#include "operations/gc.hpp"

// Which observations of an archive somebody means, for those who then change the archive.

namespace SQLite {
class Database;
}

namespace ktstr {

/// The sidecar_ids of the results that the expression holds for, checked as a query's is. Error
/// usage: what is wrong with it, and where. The connection is the archive's own.
[[nodiscard]] Result<std::vector<std::int64_t>> results_where(SQLite::Database& archive,
                                                              const std::string& expression,
                                                              const Clock& clock);

/// Of a session by its token, or by the name that sessions without one have ("~" and a time). Empty
/// if there is no such session. Throws SQLite::Exception.
[[nodiscard]] std::vector<std::int64_t> results_of_session(SQLite::Database& archive,
                                                           const std::string& session);

/// A temporary table `NAME(number INTEGER PRIMARY KEY)` with these, in place of an earlier one.
/// Throws SQLite::Exception.
void make_number_table(SQLite::Database& database, const std::string& name,
                       const std::vector<std::int64_t>& numbers);
/// Of such a table of sidecar_ids those of one project. Throws SQLite::Exception.
void keep_of_project(SQLite::Database& archive, const std::string& table,
                     const std::string& project);

// Results that are to be gone: rows, bytes, dumps and labels.

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
