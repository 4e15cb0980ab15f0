// SPDX-License-Identifier: MIT
#pragma once

// Steps 5 and 6 of the refresh (refresh.cpp): storing what was read, a batch at a time.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "catalog/connection.hpp"
#include "catalog/refresh_planner.hpp"

namespace ktstr {

/// What became of a task.
struct RefreshOutcome {
  std::shared_ptr<LookedDirectory> directory;
  const FilePlan::Read* read = nullptr;  ///< nullptr: the end of the directory
  ReadSidecar result;
};

/// Functions throw SQLite::Exception; nothing of a batch is stored then.
class RefreshStore {
 public:
  RefreshStore(SQLite::Database& database, CatalogTables& tables, const Clock& clock,
               const RefreshOptions& options)
      : database_(database), tables_(tables), clock_(clock), options_(options) {}

  /// Outcomes in the order of their tasks. All of a directory's come before its end, with those of
  /// the jobs below it in between.
  [[nodiscard]] Result<void> take(RefreshOutcome&& outcome);
  /// The root's own row, once everything else is in.
  [[nodiscard]] Result<void> finish_root(LookedDirectory& root);
  /// Counts, and stores the time of a refresh that stored anything.
  [[nodiscard]] RefreshReport finish();

 private:
  /// How much is lost if a batch isn't stored now.
  enum class Worth {
    nothing,
    settled,  ///< stamps only: the same, but old enough to be trusted from now on
    changes,
  };

  [[nodiscard]] Result<void> store_batch(LookedDirectory& directory, bool is_end);
  void write_batch(LookedDirectory& directory, bool is_end);
  [[nodiscard]] Worth worth_of(const LookedDirectory& directory, bool is_end);
  [[nodiscard]] Result<void> observe(const DirectoryRow& directory, const FileRow* old,
                                     const PreparedFile* file, const std::string* bytes) const;
  [[nodiscard]] Result<void> observe_batch(const LookedDirectory& directory, bool is_end);
  [[nodiscard]] Result<void> observe_end(const LookedDirectory& directory);
  [[nodiscard]] bool artifacts_differ(const LookedDirectory& directory);
  void ensure_directory(LookedDirectory& directory);
  void store_file(LookedDirectory& directory, const RefreshOutcome& outcome);
  void put_file(LookedDirectory& directory, const PreparedFile& file,
                const std::optional<FileRow>& known);
  void store_removals(LookedDirectory& directory);
  void store_end(LookedDirectory& directory);
  void count_put(const std::optional<FileRow>& known, const PreparedFile& file);
  void count_removed(const FileRow& file);
  void count_moves();
  void store_time();

  SQLite::Database& database_;
  CatalogTables& tables_;
  const Clock& clock_;
  const RefreshOptions& options_;
  std::vector<RefreshOutcome> batch_;
  bool stored_something_ = false;
  std::int64_t files_read_ = 0;
  std::multiset<std::string> added_ids_;
  std::multiset<std::string> removed_ids_;
  RefreshReport report_;
};

}  // namespace ktstr
