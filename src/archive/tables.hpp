// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/record_tables.hpp"
#include "catalog/tables.hpp"
#include "database/connection.hpp"
#include "database/document.hpp"

// Reading and writing the archive's tables (migrations/archive). Functions throw SQLite::Exception;
// those that write want a transaction around them. One object per connection, not thread-safe.

namespace ktstr {

/// Whose results: a runs root of this machine, or ('' as path) what an import brought.
struct ArchiveRoot {
  std::string path;     ///< canonical
  std::string project;  ///< project_key()
  std::string origin;   ///< of an import: what was imported
};

/// A sidecar or dump as it was seen.
struct Sighting {
  std::int64_t directory_id = 0;
  std::optional<std::string> session;
  std::int64_t seen_ns = 0;
};

/// How a session went, as who ran it says.
struct SessionRecord {
  std::string session;
  bool is_complete = false;  ///< else it was interrupted
  std::int64_t started_ns = 0;
  std::int64_t ended_ns = 0;
  std::optional<std::int64_t> exit_status;  ///< none: it died of a signal
};

/// What an observation is known by, here and in archives that are handed over: `what` is a
/// sidecar's content, or identity_of_dump(). The place of an import is no place of this machine, so
/// it isn't part of it: the same results come in once, from wherever they were copied, and never
/// under the name of one of ours.
[[nodiscard]] std::string observation_id(const ArchiveRoot& root, const std::string& run_dir,
                                         const std::string& job, const std::string& file_name,
                                         const std::string& what);
/// `id` is '' where the bytes aren't known.
[[nodiscard]] std::string identity_of_dump(const std::string& id, std::int64_t size_bytes,
                                           std::int64_t mtime_ns);

/// How an observation came to its end.
enum class Ending { superseded, vanished };

/// An observation that still stands, as far as the archive knows.
struct StandingObservation {
  std::int64_t row_id = 0;  ///< of the sidecar or artifact table
  std::string run_dir;
  std::string job;
  std::string file_name;
  std::string id;               ///< '' for a dump that wasn't kept
  std::int64_t size_bytes = 0;  ///< these two tell dumps apart
  std::int64_t mtime_ns = 0;
};

/// Why a dump's bytes are not in the archive; '' if they are.
struct KeptArtifact {
  ArtifactRow row;
  std::string id;
  std::string not_kept;
};

class ArchiveTables {
 public:
  explicit ArchiveTables(SQLite::Database& database);
  ~ArchiveTables();
  ArchiveTables(const ArchiveTables&) = delete;
  ArchiveTables& operator=(const ArchiveTables&) = delete;

  /// The project that a root of this machine was filed under; none: it is new. A root stays with
  /// its project: finding out again costs more than most writes.
  [[nodiscard]] std::optional<std::string> project_of(const std::string& root_path);
  /// The same; of a new root, the one that it will be filed under. Errors: those of project_key().
  [[nodiscard]] Result<std::string> project_for(const std::string& root_path);
  [[nodiscard]] std::int64_t root_id(const ArchiveRoot& root);
  void set_root_seen(std::int64_t root_id, std::int64_t seen_ns);
  /// Of a job directory, the run directory's row is made, too.
  [[nodiscard]] std::int64_t directory_id(std::int64_t root_id, const std::string& run_dir,
                                          const std::string& job);

  /// True if its bytes are here as they were, and not redacted.
  [[nodiscard]] bool has_document(const std::string& id, std::int64_t size_bytes);
  /// Stores the bytes unless they are here.
  void put_document(const PackedDocument& document, std::int64_t seen_ns);
  /// In place of what is there, whatever it is; without a frame only the document's row.
  void write_document(const PackedDocument& document, std::int64_t seen_ns);
  /// None: not here, or dropped. `id` is whole.
  [[nodiscard]] std::optional<PackedDocument> document(const std::string& id);

  [[nodiscard]] bool has_sidecar(std::int64_t directory_id, const std::string& file_name,
                                 const std::string& id);
  /// The same content under the same name in that root.
  [[nodiscard]] bool has_observation(const std::string& root_path, const std::string& run_dir,
                                     const std::string& job, const std::string& file_name,
                                     const std::string& id);
  /// Stores the observation of a file with content; one that had ended stands again. In a root of
  /// this machine, one of the same that was imported gives way to it, with whatever its row says.
  /// True: it is new.
  bool put_sidecar(const Sighting& seen, const ArchiveRoot& root, const PreparedFile& file);
  /// Those of the root that haven't ended, in no order.
  [[nodiscard]] std::vector<StandingObservation> standing_sidecars(std::int64_t root_id);
  void end_sidecar(std::int64_t sidecar_id, std::int64_t ended_ns, Ending ending);
  /// Whatever stands under that name.
  void end_sidecar_named(std::int64_t directory_id, const std::string& file_name,
                         std::int64_t ended_ns, Ending ending);

  [[nodiscard]] bool has_artifact(std::int64_t directory_id, const ArtifactRow& artifact);
  void put_artifact(const Sighting& seen, const ArchiveRoot& root, const KeptArtifact& artifact);
  [[nodiscard]] std::vector<StandingObservation> standing_artifacts(std::int64_t root_id);
  void end_artifact(std::int64_t artifact_id, std::int64_t ended_ns, Ending ending);

  void put_label(const std::string& id, const std::string& key, const std::string& value);

  void put_session(const SessionRecord& session, const std::string& project);
  /// All that the archive has of the session in that root.
  void label_session(std::int64_t root_id, const std::string& session, const std::string& key,
                     const std::string& value);

  /// What is stored of documents' bytes, packed.
  [[nodiscard]] std::int64_t stored_bytes();
  /// Of failure dumps and traces alone.
  [[nodiscard]] std::int64_t stored_dump_bytes();

  [[nodiscard]] SettingTable& settings() { return settings_; }
  [[nodiscard]] RecordTables& records() { return records_; }

 private:
  struct Statements;

  [[nodiscard]] std::int64_t insert_directory(std::int64_t root_id, const std::string& run_dir,
                                              const std::string& job);
  [[nodiscard]] std::string observation_id_in(const Sighting& sighting, const ArchiveRoot& root,
                                              const std::string& file_name,
                                              const std::string& what);
  [[nodiscard]] Sighting in_place_of_sidecar(const Sighting& seen, const std::string& observation,
                                             const PreparedFile& file);
  [[nodiscard]] Sighting in_place_of_artifact(const Sighting& seen, const std::string& observation,
                                              const KeptArtifact& artifact);

  SQLite::Database& database_;
  std::unique_ptr<Statements> statements_;
  SettingTable settings_;
  RecordTables records_;
};

// The statements that the files of ArchiveTables share.

struct ArchiveTables::Statements {
  explicit Statements(SQLite::Database& db);

  // tables.cpp
  LazyStatement find_project, put_root, set_root_seen, find_directory, put_directory, find_document,
      put_document, put_document_bytes, document, put_label, put_session, label_session;
  // observations.cpp
  LazyStatement find_observation, find_place, find_sidecar, put_sidecar, reopen_sidecar,
      standing_sidecars, standing_named, end_sidecar, find_artifact, put_artifact,
      standing_artifacts, end_artifact, imported_sidecar, remove_sidecar, imported_artifact,
      remove_artifact;
};

// Failure dumps and traces on their way into the archive. Pure; thread-safe.

/// Of an artifact's kind: wprof and repro-wprof, which are kept on request only.
[[nodiscard]] bool is_trace(std::string_view artifact_kind);
[[nodiscard]] DocumentKind document_kind(std::string_view artifact_kind);

/// Sets the test and the variant hash that the row's file name says, those of a retry's dump, too.
void set_dump_name(ArtifactRow& row);
/// The row of a dump or trace that isn't below its root just now.
[[nodiscard]] ArtifactRow dump_row(const std::string& file_name, std::int64_t size_bytes,
                                   std::int64_t mtime_ns);

/// Why the bytes of one larger than this are not kept.
[[nodiscard]] std::string too_large_text(std::int64_t most_bytes);

/// In SQL, which observation of a result the dump or trace `artifact` (an alias of that table)
/// belongs to, as sidecar_id; NULL if none. Of the same directory, test and variant hash, the first
/// version that is as old as the dump or younger, since a dump is written before its sidecar; else
/// the last one.
[[nodiscard]] std::string dump_owner_sql(const std::string& artifact);

}  // namespace ktstr
