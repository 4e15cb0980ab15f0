// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive.hpp"
#include "archive/catch_up.hpp"
#include "archive/tables.hpp"
#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/read_sidecar.hpp"
#include "catalog/refresh.hpp"
#include "database/extract.hpp"
#include "ktstr/result.hpp"

// What a capture kept of a root, on its way into the archive.

namespace ktstr {

/// A spooled file, read and ready to be stored.
struct SpooledVersion {
  DirectoryRow directory;  ///< run_dir, job and session only
  std::int64_t seen_ns = 0;
  std::optional<PreparedFile> sidecar;
  std::optional<KeptArtifact> dump;
  PackedDocument document;
};

struct DrainReport {
  std::vector<Error> left_alone;  ///< what was among the spools and isn't ours
  std::optional<Error> problem;   ///< why a spool could not be read or removed, the first reason
};

/// Reads the spools at `owned` (in use by this process) and those that dead processes left below
/// the root, and hands over what is in them, some versions at a time, in the order of keeping. A
/// spool is removed once all of it was taken; `take` says whether it could. A file that can't be
/// read is passed over.
[[nodiscard]] DrainReport drain_spools(
    const std::string& root, const std::vector<std::string>& owned, std::uint64_t most_file_bytes,
    const std::function<bool(const std::vector<SpooledVersion>& versions)>& take);

// A refresh that keeps evidence: what it reads goes into the archive before the catalog's rows
// change, and afterwards the archive learns what the catalog knows and it doesn't.

struct KeeperOptions {
  std::string root;  ///< canonical
  /// For results that are kept the first time.
  std::vector<std::pair<std::string, std::string>> labels;
  /// The session that has just ended: put down, and all its results get the labels.
  std::optional<SessionRecord> session;
  bool with_traces = false;
  std::uint64_t most_file_bytes = ReadLimits{}.max_file_bytes;
  std::int64_t most_dump_bytes = std::int64_t{64} << 20;          ///< of one, as it is
  std::int64_t most_stored_dump_bytes = std::int64_t{512} << 20;  ///< of all, packed
};

struct KeepReport {
  std::int64_t results = 0;     ///< observations that are new
  std::int64_t dumps = 0;       ///< with their bytes
  std::int64_t dumps_left = 0;  ///< without: over a limit, or unreadable
  std::int64_t superseded = 0;
  std::int64_t vanished = 0;
  std::int64_t captured = 0;      ///< of `results` and `dumps`, from spools
  std::int64_t synthetic = 0;     ///< refused
  std::int64_t not_taken = 0;     ///< by the archive's rules; what came with them was
  std::optional<Error> refusal;   ///< the first of those
  std::vector<Error> left_alone;  ///< among the spools, and not ours
  std::optional<Error> failure;   ///< something could not be kept; the next refresh tries again
};

/// Use: keep_spools(), then as the observer of a refresh, then finish(). What goes wrong with the
/// archive never stops a refresh. Not thread-safe.
class ArchiveKeeper final : public RowObserver {
 public:
  ArchiveKeeper(ArchiveOptions archive, KeeperOptions options, FileSystem& file_system,
                const Clock& clock);

  /// Takes in what captures kept: the spools at `owned`, and those that dead processes left. Before
  /// the refresh, since a spool's end moves its files' ctimes.
  void keep_spools(const std::vector<std::string>& owned);
  [[nodiscard]] Result<void> before_changes(std::span<const RowChange> changes) override;
  /// Keeps what the catalog has and the archive lacks (rows that a query or a writer's mirror made,
  /// or that came while a disk was full), the dumps, and what is over; then waits for the disk
  /// once. The catalog has to be fresh.
  [[nodiscard]] KeepReport finish(SQLite::Database& catalog);
  /// nullptr: nothing was to be kept so far, or it can't be opened. For what follows finish().
  [[nodiscard]] Archive* archive() { return archive_ ? &*archive_ : nullptr; }

 private:
  struct FoundSidecar {
    const DirectoryRow* directory = nullptr;
    ReadSidecar read;
  };

  [[nodiscard]] Result<void> ensure_open();
  [[nodiscard]] bool is_refused(const std::string& run_dir, const PreparedFile& file);
  void keep(const DirectoryRow& directory, const PreparedFile& file, const PackedDocument& document,
            std::int64_t seen_ns);
  void transact(const std::function<void()>& body);
  void put_whole(const std::function<void()>& body);
  [[nodiscard]] std::optional<std::string> session_for(const DirectoryRow& directory,
                                                       std::int64_t written_ns) const;
  void note_failure(const Error& error);
  void settle(CatalogState& state);
  void settle_sidecars(CatalogState& state, std::int64_t now_ns);
  void settle_dumps(CatalogState& state, std::int64_t now_ns);
  void catch_up(const CatalogState& state);
  [[nodiscard]] std::optional<ReadSidecar> read_again(const CatalogState::Sidecar& sidecar,
                                                      const std::string& file_name) const;
  void keep_found(std::vector<FoundSidecar>& found);
  void put_session();
  void keep_version(const SpooledVersion& version);
  void put_dump(const DirectoryRow& directory, KeptArtifact dump, const PackedDocument* document,
                std::int64_t seen_ns);
  void keep_dumps(const CatalogState& state);
  void keep_dump(const DirectoryRow& directory, const ArtifactRow& dump);
  [[nodiscard]] Result<std::string> read(const DirectoryRow& directory,
                                         const std::string& file_name, std::uint64_t most) const;

  const ArchiveOptions archive_options_;
  const KeeperOptions options_;
  FileSystem& file_system_;
  const Clock& clock_;
  SampleFilter samples_;
  std::optional<Archive> archive_;
  std::optional<Error> no_project_;
  std::optional<ArchiveRoot> root_;
  std::int64_t root_id_ = 0;
  KeepReport report_;
};

}  // namespace ktstr
