// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/catalog.hpp"
#include "catalog/tables.hpp"
#include "ktstr/result.hpp"
#include "store/staged_file.hpp"

// The catalog as a writer of sidecars opens it: waits are short and fair, and nothing is tidied up
// on the way out.

namespace ktstr {

/// Waiting for SQLite's write lock until a deadline.
///
/// SQLite has no queue for its locks: whoever asks first after a release gets it. Its own handler
/// asks less and less often, up to 100 ms apart, so that the longer one has waited the smaller is
/// one's chance, and beside busy writers somebody waits forever. Here everybody asks at the same
/// mean rate, however long he has waited. So at each release every waiter has the same chance; with
/// n of them one waits n turns in the mean, and the chance of missing out falls by the same factor
/// with each turn. The jitter keeps two from asking in step, one always just ahead of the other.
class FairWait {
 public:
  explicit FairWait(Clock& clock);

  void set_deadline_ns(std::int64_t steady_ns) { deadline_ns_ = steady_ns; }
  /// Sleeps for a moment; false, at once, if the time is up.
  bool wait();
  /// True once in so many times, at random.
  bool draw(unsigned int one_in) { return random_() % one_in == 0; }

 private:
  Clock& clock_;
  std::int64_t deadline_ns_ = 0;
  std::minstd_rand random_;
};

/// One connection; not thread-safe, and of no use in a child after a fork.
class MirrorConnection {
 public:
  /// Waits until the deadline where others keep it from opening; the error is `busy` then. The
  /// other errors are those of Catalog::open. Adds to `warnings` what the user should be told.
  [[nodiscard]] static Result<std::unique_ptr<MirrorConnection>> open(
      const CatalogOptions& options, FileSystem& file_system, Clock& clock,
      std::int64_t deadline_ns, std::vector<std::string>& warnings);
  ~MirrorConnection();
  MirrorConnection(const MirrorConnection&) = delete;
  MirrorConnection& operator=(const MirrorConnection&) = delete;

  /// Whether the catalog's name is another file's by now, or nobody's.
  [[nodiscard]] bool has_moved() { return ktstr::has_moved(catalog_.database()); }
  /// Until when to wait from now on.
  void set_deadline_ns(std::int64_t steady_ns) { wait_.set_deadline_ns(steady_ns); }
  /// Has the catalog write to a log, if it doesn't yet. Those who make a catalog together keep each
  /// other from switching, and without a log every transaction takes several syncs.
  void ensure_log();
  [[nodiscard]] SQLite::Database& database() { return catalog_.database(); }
  [[nodiscard]] CatalogTables& tables() { return tables_; }

 private:
  MirrorConnection(Catalog catalog, Clock& clock);

  FairWait wait_;
  Catalog catalog_;
  CatalogTables tables_;
  bool is_journal_final_ = false;  ///< it writes to a log, or can't
};

// What the writer of sidecars does to the catalog, so that a question asked right after a test
// needn't read the file again. Only a shortcut: whatever is not mirrored, the next refresh finds.

struct MirrorOptions {
  std::string root;          ///< canonical
  CatalogLocation location;  ///< its `others` are not used: a copy elsewhere isn't worth the time
  FileSystem* file_system = &system_file_system();
  Clock* clock = &system_clock();
  std::int64_t wait_ms = 200;  ///< for everything in the way, in total
};

/// The rows that changes of files make. One for all threads of a process and one catalog, which is
/// opened, or made, with the first change; not to be used in a child after a fork, nor destroyed
/// there. Thread-safe. A row that a lock held up is tried again with the next one; what fails for
/// more than a moment is not.
///
/// A row goes in with the file's stamp as the writer took it, unsettled, if the name still stands
/// for that very file, and goes away if nothing has its name. The directory's stamp stays, and a
/// new directory has none: others may have changed other files there, so a refresh lists it anew.
class SharedMirror {
 public:
  /// What the user should be told; none if all is well, or was complained about before.
  using Complaint = std::optional<std::string>;

  explicit SharedMirror(MirrorOptions options);

  [[nodiscard]] Complaint store(const FileChange& file);
  /// In one transaction.
  [[nodiscard]] Complaint remove(std::span<const FileChange> files);

 private:
  /// A row as it shall be, if `path` is still the file that it was made of.
  struct Row {
    SidecarPlace place;
    std::string path;
    PreparedFile file;
  };
  using Change = std::function<bool(CatalogTables& tables)>;

  [[nodiscard]] bool put_row(CatalogTables& tables, const Row& row) const;
  [[nodiscard]] bool remove_row(CatalogTables& tables, const SidecarPlace& place,
                                const std::string& path) const;
  /// Changes rows in a transaction, which is committed if `change` says so.
  [[nodiscard]] Complaint transact(const Change& change);
  void keep_for_later(Row row);
  /// Stores the rows that had to wait, as far as it goes.
  void store_late_rows();
  [[nodiscard]] Result<void> ensure_open(std::int64_t deadline_ns,
                                         std::vector<std::string>& warnings);
  [[nodiscard]] Complaint give_up(const Error& error);

  const MirrorOptions options_;
  std::atomic<bool> is_off_ = false;
  std::mutex mutex_;  ///< guards the connection
  std::unique_ptr<MirrorConnection> connection_;
  std::mutex late_mutex_;  ///< guards the late rows
  std::vector<Row> late_rows_;
};

/// Tells a shared mirror about changes, and the user about the first failure. `warned` is the
/// process's. Thread-safe as far as the sink is; an empty sink swallows the line.
class CatalogMirror final : public ChangeObserver {
 public:
  CatalogMirror(SharedMirror& mirror, OnceGate& warned, MessageSink sink);

  /// The catalog holds nothing that a refresh could not find again.
  void about_to_remove(std::span<const FileChange> files) noexcept override;
  void removed(std::span<const FileChange> files) noexcept override;
  void written(const FileChange& file) noexcept override;
  void rewritten(const FileChange& file) noexcept override;

 private:
  void warn(const SharedMirror::Complaint& complaint);

  SharedMirror& mirror_;
  OnceGate& warned_;
  const MessageSink sink_;
};

}  // namespace ktstr
