// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/merge_source.hpp"
#include "archive/tables.hpp"
#include "database/connection.hpp"

// From when to when an observation stood, where two archives know of it. Pure.

namespace ktstr {

struct ObservationTimes {
  std::int64_t first_seen_ns = 0;
  std::optional<std::int64_t> last_seen_ns;
  std::optional<std::int64_t> ended_ns;  ///< none: it stands
  std::optional<std::string> ending;
  /// Of one that stands: when its root was last seen.
  std::optional<std::int64_t> root_seen_ns;

  [[nodiscard]] std::int64_t seen_until_ns() const {
    return last_seen_ns.value_or(root_seen_ns.value_or(first_seen_ns));
  }
};

/// One that was imported stands nowhere on this machine: it ended when it was last seen, in no way
/// that is known.
[[nodiscard]] ObservationTimes as_imported(ObservationTimes times);

/// What both know together; the order makes no difference but for what is in neither's times.
[[nodiscard]] ObservationTimes united(const ObservationTimes& one, const ObservationTimes& other);

// The archive that a merge writes. Methods throw SQLite::Exception and want a transaction around
// them.

/// A directory of the source.
struct SourcePlace {
  ArchiveRoot root;  ///< as the target is to have it
  std::optional<std::int64_t> root_seen_ns;
  std::string run_dir;
  std::string job;
};

struct SourceShape {
  std::string digest;
  std::vector<std::string> metrics;
};

/// A sidecar's or an artifact's row and all that it refers to.
struct SourceObservation {
  SourceRow row;
  SourcePlace place;
  std::optional<SourceRow> host;
  std::vector<std::pair<std::string, std::vector<SourceRow>>> children;  ///< by table
  std::map<std::int64_t, SourceShape> shapes;                            ///< by the source's number
  /// Instead of host and children, where those can't be read.
  std::optional<ExtractedRecord> rebuilt;
};

/// How much of a document there is.
enum class DocumentRank { none, dropped, redacted, whole };

class MergeTarget {
 public:
  MergeTarget(SQLite::Database& database, bool is_import);

  [[nodiscard]] DocumentRank rank(const std::string& id, std::int64_t size_bytes);
  /// Unless as much of it is there. Without a frame only its row. True: there is more than before.
  bool put_document(const PackedDocument& document, std::int64_t first_seen_ns);
  /// True: it is new; else what is there is widened.
  bool put_sidecar(const SourceObservation& sidecar);
  bool put_artifact(const SourceObservation& artifact);
  /// One of the tables whose rows are themselves all there is to know of them.
  void put_plain(const std::string& table, const SourceRow& row);
  void put_session(const SourceRow& row, const std::string& project);
  void put_root(const ArchiveRoot& root, std::optional<std::int64_t> seen_ns);
  /// Gives documents and sidecars whose rows had to be guessed, which say that they were first seen
  /// at 0, the times of each other, and documents the kind of what refers to them.
  void complete_guessed();

  [[nodiscard]] ArchiveTables& tables() { return tables_; }
  /// After a rollback, and when another transaction begins.
  void forget_cached_ids();

 private:
  using Columns = std::vector<std::pair<std::string, Value>>;
  struct Known {
    std::int64_t row_id = 0;
    std::string id;
    bool is_kept = false;
    bool is_ours = false;
    ObservationTimes times;
  };

  SQLite::Statement& statement(const std::string& sql);
  std::int64_t insert(const std::string& table, const Columns& columns);
  [[nodiscard]] std::int64_t directory_id(const SourcePlace& place);
  [[nodiscard]] std::int64_t find_digest(const char* sql, const std::string& digest);
  [[nodiscard]] std::int64_t host_id(const SourceObservation& sidecar);
  [[nodiscard]] std::int64_t shape_id(const SourceShape& shape);
  void put_children(std::int64_t sidecar_id, const SourceObservation& sidecar);

  [[nodiscard]] std::optional<Known> find_known(const std::string& table,
                                                const std::vector<std::string>& content_columns,
                                                const SourceObservation& observation);
  [[nodiscard]] std::optional<Known> read_known(const std::string& table, const std::string& where,
                                                const std::vector<Value>& values);
  [[nodiscard]] ObservationTimes times_of(const SourceObservation& observation) const;
  void widen(const std::string& table, const Known& known, const SourceObservation& observation);

  /// A redacted observation has another id, and maybe other names, than what it was made of.
  [[nodiscard]] bool is_redacted(const std::string& id);
  [[nodiscard]] const std::vector<std::int64_t>& rows_written_at(const std::string& table,
                                                                 std::int64_t mtime_ns);
  /// The same version of the same file, of which one is redacted, or both are in their ways.
  [[nodiscard]] std::optional<Known> find_same_version(const std::string& table,
                                                       const SourceObservation& observation);
  [[nodiscard]] bool is_same_version(const std::string& table, const SourceObservation& observation,
                                     std::int64_t row_id);
  /// What is there stays, or gives way to what says more. True: it gave way.
  bool unite_version(const std::string& table, const Known& known,
                     const SourceObservation& observation);
  void forget_document(const std::string& id);
  [[nodiscard]] Columns observation_columns(const SourceObservation& observation,
                                            const std::string& id_column);

  SQLite::Database& database_;
  bool is_import_;
  ArchiveTables tables_;
  std::map<std::string, std::unique_ptr<SQLite::Statement>> statements_;
  /// Of an import, by table and time of writing, what was there before.
  std::map<std::string, std::map<std::int64_t, std::vector<std::int64_t>>> written_;
  std::map<std::string, std::string> known_as_;  ///< ids of the source that have others here
  std::map<std::string, std::int64_t> directory_ids_;
  std::map<std::string, std::int64_t> host_ids_;
  std::map<std::string, std::int64_t> shape_ids_;
};

}  // namespace ktstr
