// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/read_sidecar.hpp"
#include "catalog/tables.hpp"
#include "database/connection.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// How hard a refresh looks, from not at all to reading every byte.
enum class CheckLevel {
  none,   ///< answer from the catalog as it is
  dirs,   ///< what was created, renamed or removed: how sidecars and dumps are written
  files,  ///< edits in place too: exactly what a full walk would say, if stamps don't lie
  bytes,  ///< read and hash every file
};
[[nodiscard]] std::optional<CheckLevel> check_level(std::string_view name);

enum class LookReason {
  unchanged,  ///< no look is needed
  added,      ///< never seen
  stamp,      ///< the stamp differs
  unsettled,  ///< the stamp is the same, but was too fresh to trust when it was taken
  level,      ///< this level looks at everything
  links,      ///< behind a link things change without a trace in the directory
};
[[nodiscard]] std::string_view look_reason_name(LookReason reason);

/// A stamp with its flag, from what the clock said before and after it was taken: the process may
/// have been stopped in between, so only both together say how fresh it was. Pure.
[[nodiscard]] KnownStamp known_stamp(const Stamp& stamp, std::int64_t before_ns,
                                     std::int64_t after_ns);

/// Whether to read a file, from stamps alone. Pure.
[[nodiscard]] LookReason file_look(const std::optional<KnownStamp>& known, const Stamp& current,
                                   CheckLevel level);
/// Whether to list a directory. Pure.
[[nodiscard]] LookReason directory_look(const std::optional<KnownStamp>& known,
                                        const Stamp& current, bool has_links, CheckLevel level);

/// What is about to happen to a stored result. Old and new are content ids; '' is none.
struct RowChange {
  const DirectoryRow& directory;
  std::string path;  ///< relative to the root
  std::string old_id;
  std::string new_id;                        ///< '' when the row goes away
  const PreparedFile* file = nullptr;        ///< nullptr when the row goes away
  const PackedDocument* document = nullptr;  ///< nullptr when there are no new bytes
};

/// Sees rows before they change, so that evidence can be kept before it is lost.
class RowObserver {
 public:
  virtual ~RowObserver() = default;
  /// Of one transaction, which follows. An error stops the refresh with the rows unchanged.
  [[nodiscard]] virtual Result<void> before_changes(std::span<const RowChange> changes) = 0;
};

/// How far a refresh has come. Directories are those that it goes through, jobs not counted.
struct RefreshProgress {
  std::int64_t files_read = 0;
  std::int64_t directories_done = 0;
  std::int64_t directories = 0;
};

struct RefreshOptions {
  CheckLevel level = CheckLevel::files;
  std::size_t workers = 2;  ///< reading threads; 0: read on the calling thread
  ReadLimits limits;
  RowObserver* observer = nullptr;
  /// Called for each directory and file that is looked at, with its path and the reason.
  std::function<void(const std::string& path, LookReason reason)> why;
  /// Called after each file is read.
  std::function<void(const RefreshProgress& progress)> progress;
  /// Asked before each file and directory. True: what is at hand is stored, and the refresh ends
  /// with the error `interrupted`; the next one goes on from there.
  std::function<bool()> should_stop;
};

struct RefreshReport {
  std::int64_t files_added = 0;
  std::int64_t files_changed = 0;
  std::int64_t files_unchanged = 0;
  std::int64_t files_removed = 0;
  std::int64_t files_moved = 0;  ///< same bytes gone from one place and new in another
  std::map<std::string, std::int64_t>
      status;  ///< how many files are ok, drift, corrupt, unreadable
  std::int64_t directories_listed = 0;
  std::int64_t directories_unchanged = 0;
  /// Those that could not be listed, with the reason. Their rows stand as they were.
  std::vector<Error> unreadable_directories;
  /// Files that the system was too short of descriptors or memory for. Their rows stand as they
  /// were, or say `unreadable` where the file has changed or is new; they are looked at again.
  std::vector<Error> not_looked_at;
  std::int64_t elapsed_ns = 0;
};

/// Brings the catalog in line with the files under `root`. Error: the root is missing
/// (not_found), no directory or not permitted; the catalog is left alone then. Not thread-safe on
/// one connection; any number of processes may refresh one catalog.
[[nodiscard]] Result<RefreshReport> refresh(SQLite::Database& database, const std::string& root,
                                            FileSystem& file_system, const Clock& clock,
                                            const RefreshOptions& options);

}  // namespace ktstr
