// SPDX-License-Identifier: MIT
#pragma once

// The catalog as a writer of sidecars opens it: waits are short and fair, and nothing is tidied up
// on the way out.

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "catalog/catalog.hpp"
#include "catalog/tables.hpp"

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
  [[nodiscard]] bool has_moved();
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

}  // namespace ktstr
