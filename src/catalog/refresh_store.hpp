// SPDX-License-Identifier: MIT
#pragma once

// Steps 5 and 6 of the refresh (refresh.cpp): storing what was read, some directories or part
// of one at a time.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "catalog/refresh_planner.hpp"
#include "database/connection.hpp"

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
  /// the jobs below it in between. What is taken is stored sooner or later, in this order.
  [[nodiscard]] Result<void> take(RefreshOutcome&& outcome);
  /// The root's own row (of none: it wasn't looked at), once everything else is in.
  [[nodiscard]] Result<void> finish_root(const std::shared_ptr<LookedDirectory>& root);
  /// Counts, and stores the time of a refresh that stored anything.
  [[nodiscard]] RefreshReport finish();

 private:
  /// How much is lost if a batch isn't stored now.
  enum class Worth {
    nothing,
    settled,  ///< stamps only: the same, but old enough to be trusted from now on
    changes,
  };

  /// Files of one directory, and perhaps its end.
  struct Batch {
    std::shared_ptr<LookedDirectory> directory;
    std::vector<RefreshOutcome> outcomes;
    bool is_end = false;
    Worth worth = Worth::nothing;
  };

  [[nodiscard]] Batch& batch_for(const std::shared_ptr<LookedDirectory>& directory);
  [[nodiscard]] Result<void> store_batches();
  void write_batches();
  void put_off_checkpoints();
  void catch_up_checkpoints();
  void write_batch(const Batch& batch);
  [[nodiscard]] Worth worth_of(const Batch& batch);
  [[nodiscard]] static Worth worth_of(const RefreshOutcome& outcome);
  [[nodiscard]] Worth worth_of_end(const LookedDirectory& directory);
  void gather_changes(const Batch& batch, std::vector<RowChange>& changes);
  void gather_end(const LookedDirectory& directory, std::vector<RowChange>& changes);
  [[nodiscard]] Result<void> observe_batches();
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
  std::vector<Batch> batches_;  ///< taken and not stored yet
  std::size_t waiting_files_ = 0;
  std::int64_t waiting_bytes_ = 0;  // of the files as they are on the disk
  bool stored_something_ = false;
  bool has_put_off_checkpoints_ = false;
  std::multiset<std::string> added_ids_;
  std::multiset<std::string> removed_ids_;
  RefreshReport report_;
};

}  // namespace ktstr
