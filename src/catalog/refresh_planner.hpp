// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/refresh.hpp"
#include "catalog/tables.hpp"

// Looking at one directory: what is in it, and what of that has to be read. Reads no sidecar and
// writes nothing.

namespace ktstr {

/// A directory as it was found.
struct DirectoryListing {
  KnownStamp stamp;  ///< taken on the open directory before it was listed
  bool has_links = false;
  std::vector<DirectoryEntry> sidecars;  ///< entries that are named as sidecars
  std::vector<DirectoryEntry> artifacts;
  std::vector<std::string> directories;  ///< of the root and of run directories: those below
};

enum class DirectoryRole { root, run, job };

/// Stats, then lists. The entries come in byte order.
[[nodiscard]] Result<DirectoryListing> list_directory(DirectoryHandle& directory,
                                                      DirectoryRole role, const Clock& clock);

/// What has to be done with the files of one directory.
struct FilePlan {
  struct Read {
    DirectoryEntry entry;
    std::optional<FileRow> known;
    LookReason reason = LookReason::unchanged;
  };
  struct Put {
    PreparedFile file;
    std::optional<FileRow> known;
  };
  std::vector<Read> to_read;
  std::vector<Put> unreadable;  ///< without trying: no regular file, or nothing there
  std::vector<FileRow> gone;
  std::int64_t unchanged = 0;
};

/// Compares the files found with those known. `entries` must be a complete listing's.
[[nodiscard]] FilePlan plan_files(const DirectoryHandle& directory,
                                  const std::vector<DirectoryEntry>& entries,
                                  std::vector<FileRow> known, CheckLevel level);

[[nodiscard]] std::vector<ArtifactRow> stat_artifacts(const DirectoryHandle& directory,
                                                      const std::vector<DirectoryEntry>& entries);

// Steps 1 to 3 of the refresh (refresh.cpp): which directories to look at, and what to read there.

/// A directory that was looked at.
struct LookedDirectory {
  std::optional<DirectoryRow> before;
  DirectoryRow row;  ///< what will be stored of it
  /// To read its files by; none where too many are open, or there is nothing to read.
  std::shared_ptr<const DirectoryHandle> handle;
  std::vector<ArtifactRow> artifacts;
  FilePlan plan;
  std::vector<DirectoryRow> gone;  ///< directories below it that are no more, their jobs included
  std::optional<Error> unread_sentinel{};  ///< so whose its results are is not known
  std::optional<Error> failure;            ///< it could not be listed: only `row` is to be stored

  /// A failed read may work the next time, so the stamp is no reason to skip the directory then.
  void look_again() {
    if (row.known) row.known->settled = false;
  }
};

/// One file to read, or (read is nullptr) the end of a directory.
struct RefreshTask {
  std::shared_ptr<LookedDirectory> directory;
  const FilePlan::Read* read = nullptr;
};

/// "run/file" or "run/job/file", relative to the root.
[[nodiscard]] std::string relative_path(const DirectoryRow& directory,
                                        const std::string& file_name);

class RefreshPlanner {
 public:
  RefreshPlanner(CatalogTables& tables, FileSystem& file_system, const Clock& clock,
                 const RefreshOptions& options);

  [[nodiscard]] Result<void> open_root(const std::string& root);
  /// The next thing to do, directory by directory; none at the end. Throws SQLite::Exception.
  [[nodiscard]] std::optional<RefreshTask> next();
  /// To read a file by: the directory as it was looked at, or, where too many are open to keep that
  /// one, what has its name now. A file's own stamp says what was read; that the directory is
  /// another one, its stamp says the next time. Safe on several threads at once.
  [[nodiscard]] Result<std::shared_ptr<const DirectoryHandle>> open_to_read(
      const LookedDirectory& directory) const;
  /// The root, if it had to be listed; its row is to be stored last of all.
  [[nodiscard]] std::shared_ptr<LookedDirectory> looked_root() const { return looked_root_; }
  /// Run directories that the refresh goes through, and those that it has yet to begin.
  [[nodiscard]] std::size_t run_dir_count() const { return run_dir_count_; }
  [[nodiscard]] std::size_t run_dirs_left() const { return run_dirs_.size(); }
  [[nodiscard]] std::int64_t directories_listed() const { return listed_; }
  [[nodiscard]] std::int64_t directories_unchanged() const { return unchanged_; }

 private:
  using Key = std::pair<std::string, std::string>;  // run directory and job
  /// An entry that is a directory, or a link to one.
  struct FoundDirectory {
    Stamp stamp;                      // of the directory
    std::int64_t entry_mtime_ns = 0;  // of the entry
  };

  [[nodiscard]] const DirectoryRow* stored(const std::string& run_dir,
                                           const std::string& job) const;
  [[nodiscard]] std::vector<DirectoryRow> stored_run_dirs() const;
  [[nodiscard]] std::vector<DirectoryRow> stored_jobs(const std::string& run_dir) const;
  [[nodiscard]] std::vector<DirectoryRow> missing_run_dirs(
      const std::vector<std::string>& names) const;
  [[nodiscard]] std::vector<DirectoryRow> missing_jobs(const std::string& run_dir,
                                                       const std::vector<std::string>& names) const;
  [[nodiscard]] LookReason look_at(const DirectoryRow* before, const Stamp& stamp) const;
  [[nodiscard]] LookReason look_at(const DirectoryRow* before, const FoundDirectory& found) const;
  void explain(const std::string& path, LookReason reason) const;
  void visit(const DirectoryHandle& parent, const Key& key, const std::string& name);
  void queue_known_jobs(const std::string& run_dir);
  void begin(const Key& key, const FoundDirectory& found, std::shared_ptr<DirectoryHandle> handle);
  void fill_row(const Key& key, const FoundDirectory& found, const DirectoryListing& listing,
                LookedDirectory& looked) const;
  void begin_failed(const Key& key, const Error& error);
  [[nodiscard]] std::shared_ptr<const DirectoryHandle> keep_open(
      std::shared_ptr<DirectoryHandle> handle);

  CatalogTables& tables_;
  FileSystem& file_system_;
  const Clock& clock_;
  const RefreshOptions& options_;
  std::map<Key, DirectoryRow> stored_;
  std::unique_ptr<DirectoryHandle> root_;
  std::shared_ptr<LookedDirectory> looked_root_;
  std::deque<std::string> run_dirs_;  // still to visit
  std::string run_dir_;               // the one whose jobs are being visited
  std::shared_ptr<DirectoryHandle> run_handle_;
  /// How many directories are open for their files; the handles hold it, too.
  std::shared_ptr<std::atomic<int>> open_count_ = std::make_shared<std::atomic<int>>(0);
  std::deque<std::string> jobs_;
  std::shared_ptr<LookedDirectory> current_;
  std::shared_ptr<LookedDirectory> waiting_run_;  // ends after the jobs below it
  std::size_t next_read_ = 0;
  std::int64_t listed_ = 0;
  std::int64_t unchanged_ = 0;
  std::size_t run_dir_count_ = 0;  // to visit in all
};

}  // namespace ktstr
