// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "archive/archive.hpp"
#include "database/connection.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// What an archive holds, of all projects.
struct ArchiveSummary {
  std::int64_t file_bytes = 0;      ///< of the archive's own file
  std::int64_t document_bytes = 0;  ///< packed, of sidecars and dumps
  std::int64_t results = 0;         ///< observations, drift and corrupt ones included
  std::int64_t dumps = 0;           ///< and traces
  std::int64_t dropped = 0;         ///< documents whose bytes went by gc or the cap
  std::int64_t projects = 0;
};

[[nodiscard]] Result<ArchiveSummary> summarize_archive(SQLite::Database& archive);

// Taking bytes and rows out of an archive for good. Everything here wants a transaction around it
// and throws SQLite::Exception.

/// Statements for many removals on one connection. Not thread-safe.
class ArchiveRemoval {
 public:
  explicit ArchiveRemoval(SQLite::Database& database);
  ~ArchiveRemoval();
  ArchiveRemoval(const ArchiveRemoval&) = delete;
  ArchiveRemoval& operator=(const ArchiveRemoval&) = delete;

  /// Whether it was seen, anywhere, after that time.
  [[nodiscard]] bool was_seen_since(const std::string& id, std::int64_t since_ns);
  /// The rows stay.
  void drop_bytes(const std::string& id);
  /// An observation and what hangs on it; its document stays. Gives its id, "" if it is gone.
  std::string remove_sidecar(std::int64_t sidecar_id);
  std::string remove_artifact(std::int64_t artifact_id);
  /// Every observation of it. Gives how many.
  std::int64_t remove_observations(const std::string& id);
  /// The bytes, the document and the labels of an id that no observation has any more. False if one
  /// has.
  bool remove_if_unseen(const std::string& id);
  /// Directories, roots, hosts, sessions, their pins, and shapes that nothing names any more.
  void sweep();

 private:
  struct Statements;

  SQLite::Database& database_;
  std::unique_ptr<Statements> statements_;
};

// Space that deleted rows have left in an archive, given back to the file system.

struct SpaceReport {
  std::int64_t freed_bytes = 0;  ///< by which the file got smaller
  /// False: somebody was reading, so the log (-wal) still holds pages, older ones among them.
  bool is_log_empty = false;
};

/// Gives free pages back a few at a time, so that others can write in between, and empties the log
/// into the file: only that makes it smaller. Errors: busy, io.
[[nodiscard]] Result<SpaceReport> return_space(Archive& archive);

/// Writes the whole file anew, so that nothing of what was deleted is left in unused parts of its
/// pages, and empties the log. Takes as much space again for a while, and the write lock. Errors:
/// busy, io.
[[nodiscard]] Result<SpaceReport> rewrite(Archive& archive);

/// The processes that have the archive open besides this one, "pid 12 (command)" with commas
/// between, as far as the kernel tells; "" if none can be seen.
[[nodiscard]] std::string other_users_text(const std::string& path);

}  // namespace ktstr
