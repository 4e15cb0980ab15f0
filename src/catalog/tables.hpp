// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "catalog/record_tables.hpp"
#include "database/connection.hpp"
#include "database/extract.hpp"

namespace ktstr {

/// A sidecar's place below a runs root.
struct SidecarPlace {
  std::string run_dir;
  std::string job;  ///< '' directly in the run directory
  std::string file_name;
};

/// Of a path as a writer was given it; `root` is canonical. None for a file that is no sidecar, or
/// where a walk of the root doesn't look. Asks the file system where links may be above it.
/// Thread-safe.
[[nodiscard]] std::optional<SidecarPlace> sidecar_place(const std::string& root,
                                                        const std::string& path);

// Reading and writing the catalog's tables. Every statement's text stands in tables.cpp, once;
// it is prepared once, when first used, and bound. Functions throw SQLite::Exception; those that
// write want a transaction around them. One object per connection, not thread-safe.

/// A stamp as it was stored: settled says that an equal one needs no second look.
struct KnownStamp {
  Stamp stamp;
  bool settled = false;

  friend bool operator==(const KnownStamp&, const KnownStamp&) = default;
};

struct DirectoryRow {
  std::int64_t directory_id = 0;  ///< 0: not stored yet
  std::string run_dir;            ///< '' for the runs root
  std::string job;                ///< '' for a run directory itself
  std::optional<KnownStamp> known;
  std::optional<std::int64_t> entry_mtime_ns;  ///< of the entry itself, were it a link
  bool has_links = false;
  std::optional<std::string> session;
  std::optional<std::string> error;

  friend bool operator==(const DirectoryRow&, const DirectoryRow&) = default;
};

/// What is known of a stored file without its content.
struct FileRow {
  std::int64_t sidecar_id = 0;
  std::string file_name;
  std::optional<KnownStamp> known;
  bool is_symlink = false;
  std::string status;
  std::string content_id;  ///< '' where nothing could be read
  std::optional<std::string> error;
};

/// A file as a refresh found it, ready to be stored.
struct PreparedFile {
  std::string file_name;
  std::optional<KnownStamp> stamp;  ///< none: it could not even be looked at
  bool is_symlink = false;
  std::string status;  ///< ok, drift, corrupt, unreadable
  std::optional<std::string> error_class;
  std::optional<std::string> error;
  std::string content_id;
  std::optional<std::string> file_hash;
  std::optional<ExtractedRecord> record;  ///< of ok and drift
};

struct ArtifactRow {
  std::string file_name;
  std::string kind;
  std::string test_name;
  std::optional<std::string> file_hash;
  std::int64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  bool is_symlink = false;

  friend bool operator==(const ArtifactRow&, const ArtifactRow&) = default;
};

/// What became of a write to a row that other processes write too. A row is as expected while its
/// stamp is; that another process settled the stamp meanwhile makes no difference.
enum class RowWrite {
  done,
  not_needed,  ///< another process has done the same
  refused,     ///< it changed the row to something else, which is newer
};

/// The columns of the sidecar table before those of the record, in the order of put_file.
[[nodiscard]] const std::vector<std::string>& file_columns();

class CatalogTables {
 public:
  explicit CatalogTables(SQLite::Database& database);
  ~CatalogTables();
  CatalogTables(const CatalogTables&) = delete;
  CatalogTables& operator=(const CatalogTables&) = delete;

  /// Every directory, the root first, then by run directory and job in byte order.
  [[nodiscard]] std::vector<DirectoryRow> directories();
  /// The files of a directory, in byte order.
  [[nodiscard]] std::vector<FileRow> files(std::int64_t directory_id);
  /// One file; only its id, name and stamp are filled in.
  [[nodiscard]] std::optional<FileRow> known_file(std::int64_t directory_id,
                                                  const std::string& file_name);
  [[nodiscard]] std::vector<ArtifactRow> artifacts(std::int64_t directory_id);
  /// Statuses and how many files have them.
  [[nodiscard]] std::map<std::string, std::int64_t> status_counts();
  /// Files and directories whose stamps are not settled.
  [[nodiscard]] std::int64_t unsettled_count();

  /// The id of a directory, 0 if it isn't stored.
  [[nodiscard]] std::int64_t find_directory(const std::string& run_dir, const std::string& job);
  /// Inserts or updates, and gives the directory's id.
  std::int64_t put_directory(const DirectoryRow& row);
  /// Its files and artifacts included, unless the row changed since `expected` was read.
  [[nodiscard]] RowWrite remove_directory(const DirectoryRow& expected);
  void replace_artifacts(std::int64_t directory_id, const std::vector<ArtifactRow>& artifacts);

  /// Stores the file unless its row changed since `expected` was read (none: there was no row).
  [[nodiscard]] RowWrite put_file(std::int64_t directory_id, const PreparedFile& file,
                                  const std::optional<FileRow>& expected);
  /// The content is what is stored; only the stamp moves. Under the same condition.
  [[nodiscard]] RowWrite repair_stamp(std::int64_t directory_id, const FileRow& expected,
                                      const KnownStamp& stamp, bool is_symlink);
  /// Under the same condition.
  [[nodiscard]] RowWrite remove_file(std::int64_t directory_id, const FileRow& expected);

  /// Marks everything as never looked at, so that a refresh reads and decodes all files again.
  /// Until then the rows stand.
  void forget_stamps();
  [[nodiscard]] SettingTable& settings() { return settings_; }
  /// What hangs on the files' records.
  [[nodiscard]] RecordTables& records() { return records_; }

 private:
  struct Statements;
  struct StoredFile {
    std::int64_t sidecar_id = 0;
    std::optional<KnownStamp> known;
  };

  [[nodiscard]] std::optional<StoredFile> find_file(std::int64_t directory_id,
                                                    const std::string& file_name);
  void delete_file(std::int64_t sidecar_id);
  std::int64_t insert_file(std::int64_t sidecar_id, std::int64_t directory_id,
                           const PreparedFile& file);

  SQLite::Database& database_;
  std::unique_ptr<Statements> statements_;
  SettingTable settings_;
  RecordTables records_;
};

/// Binds NULL for none.
void bind_optional(SQLite::Statement& statement, int index, const std::optional<std::string>& text);
[[nodiscard]] std::optional<std::string> text_at(SQLite::Statement& statement, int index);

/// Six columns: device, inode, size_bytes, mtime_ns, ctime_ns, settled.
void bind_stamp(SQLite::Statement& statement, int index, const std::optional<KnownStamp>& known);
/// None if the device is NULL.
[[nodiscard]] std::optional<KnownStamp> stamp_at(SQLite::Statement& statement, int index);
/// Settled or not.
[[nodiscard]] bool is_same_stamp(const std::optional<KnownStamp>& left,
                                 const std::optional<KnownStamp>& right);

}  // namespace ktstr
