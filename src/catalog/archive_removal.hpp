// SPDX-License-Identifier: MIT
#pragma once

// Taking bytes and rows out of an archive for good. Everything here wants a transaction around it
// and throws SQLite::Exception.

#include <cstdint>
#include <memory>
#include <string>

namespace SQLite {
class Database;
}

namespace ktstr {

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

}  // namespace ktstr
