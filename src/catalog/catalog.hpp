// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/refresh.hpp"
#include "database/connection.hpp"
#include "ktstr/result.hpp"

// Whether a catalog's rows are our own. A catalog stands below the runs root and so may have come
// with it, in a clone or out of a tar, with whatever rows somebody wanted to be believed.

namespace ktstr {

/// What tells this file from every other: its inode and the moment at which the kernel made it,
/// which nobody can set; where the file system doesn't know that, device and inode. "" if it can't
/// be asked.
[[nodiscard]] std::string file_identity(const std::string& path);

/// Which file the rows were written to.
inline constexpr const char* k_own_file = "own_file";

/// Empties a catalog whose rows were written to another file, or nobody knows to which, and makes
/// it this file's, in one transaction; does nothing if it is. Its schema has to be ours. True: rows
/// went. Throws SQLite::Exception.
[[nodiscard]] bool disown_rows(SQLite::Database& database, const std::string& identity);

// Finding, opening and looking after the catalog's file.

struct CatalogLocation {
  std::string path;        ///< ":memory:" for none on disk
  bool is_in_root = true;  ///< below {root}/.ktstr-index, so it moves with the root
  /// By the user, and not in one of the indexer's own directories: what stands there is his, and
  /// is never renamed or replaced.
  bool is_named = false;
  std::vector<std::string> others{};  ///< if it can't be written: in the user's cache, in memory
};

struct CatalogOptions {
  std::string root;
  CatalogLocation location;
  std::int64_t busy_timeout_ms = 10'000;
};

/// An open catalog. One connection; not thread-safe.
class Catalog {
 public:
  /// Opens, checks, migrates. A file that is damaged or not ours is put aside under a unique name
  /// and a new one begun, with a warning; one whose rows were written to another file is emptied.
  /// Errors: newer_version (both numbers in the message), usage (the catalog belongs to another
  /// root; the file that was named is no catalog), corrupt (a damaged one that was named),
  /// permission, io.
  [[nodiscard]] static Result<Catalog> open(const CatalogOptions& options, FileSystem& file_system,
                                            const Clock& clock);

  [[nodiscard]] SQLite::Database& database() { return *database_; }
  /// Where it is; ":memory:" if nowhere.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// What the user should be told about opening and rebuilding; one sentence each. A refresh may
  /// add to them.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// Its rows were another file's: until a refresh it says nothing of what there is.
  [[nodiscard]] bool was_emptied() const { return was_emptied_; }
  /// Whether a refresh has ever come to its end here; else rows may be missing.
  [[nodiscard]] bool is_complete();

  /// How long a statement waits for another connection's write.
  void set_busy_timeout_ms(std::int64_t timeout_ms);

  /// ktstr::refresh with this connection. Damage that opening didn't come across is dealt with as
  /// there, and the refresh is of the new catalog then; database() is another one afterwards.
  [[nodiscard]] Result<RefreshReport> refresh(FileSystem& file_system, const Clock& clock,
                                              const RefreshOptions& options);

  /// Puts what is still in the write-ahead log into the catalog's own file and waits for the disk,
  /// unless somebody is using the catalog just now. Nothing depends on it, but then the one file is
  /// the whole catalog.
  void copy_log();

 private:
  Catalog() = default;

  void shorten_log(FileSystem& file_system);
  [[nodiscard]] Result<RefreshReport> refresh_stoppable(FileSystem& file_system, const Clock& clock,
                                                        const RefreshOptions& options);

  CatalogOptions options_;
  std::string path_;
  std::unique_ptr<SQLite::Database> database_;
  std::vector<std::string> warnings_;
  bool was_emptied_ = false;

  friend class CatalogOpener;
};

/// Renames a damaged catalog, with its logs, to a unique name beside it, and gives that.
[[nodiscard]] Result<std::string> put_catalog_aside(const std::string& path,
                                                    FileSystem& file_system, const Clock& clock);

}  // namespace ktstr
