// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"
#include "base/time_text.hpp"
#include "capture/spool_journal.hpp"
#include "ktstr/result.hpp"

// A spool keeps files of a runs root as they were when somebody saw them: hard links (or copies)
// under `{root}/.ktstr-index/spool/{name}/`, which outlive a rename over their names, an unlink and
// the process that kept them. Its files are called by numbers: the harness's walk enters dot
// directories, and nothing there may look like a sidecar. `{name}.lock` beside it is flock'ed while
// somebody uses it. A spool lies below the root since hard links don't leave a file system: whoever
// removes the whole root removes the spool, too.

namespace ktstr {

/// As linkat with AT_SYMLINK_FOLLOW: 0, else -1 and errno.
using LinkCall = std::function<int(const char* from, int to_directory, const char* to)>;
[[nodiscard]] LinkCall system_link();

/// The spool of one capturing process below one root. Not thread-safe.
class Spool {
 public:
  /// Makes a new one, and the directories that it needs but for the root. Errors: whatever the
  /// system says, a missing root among it.
  [[nodiscard]] static Result<Spool> create(const std::string& root, Clock& clock,
                                            LinkCall link = system_link());

  /// A file that is in the spool, but not in its journal yet.
  struct Stored {
    std::uint64_t number = 0;
    Stamp stamp;  ///< of the file that was linked or copied; of a copied one, the original's
    bool is_copy = false;
  };
  /// These two give what `path` is by now. The error is an errno; EFBIG: larger than the limit,
  /// ESTALE: somebody wrote to it meanwhile, EINVAL: no regular file.
  [[nodiscard]] tl::expected<Stored, int> link(const std::string& path);
  [[nodiscard]] tl::expected<Stored, int> copy(const std::string& path, std::uint64_t max_bytes);

  /// Writes down where it comes from: run_dir, job, file_name and session of `entry`, the rest is
  /// filled in here. On an error nothing is kept.
  [[nodiscard]] Result<void> record(const Stored& stored, SpoolEntry entry);
  void discard(const Stored& stored);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t recorded() const { return recorded_; }
  /// Somebody has removed its directory, so that nothing can be kept in it any more.
  [[nodiscard]] bool is_removed() const;

 private:
  Spool(std::string path, Descriptor lock, Clock& clock, LinkCall link);
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] tl::expected<Stored, int> stored_file(std::uint64_t number);

  std::string path_;
  Descriptor lock_;
  Descriptor directory_;
  Descriptor journal_;
  Clock* clock_;
  LinkCall link_;
  std::int64_t journal_bytes_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t recorded_ = 0;
};

struct FoundSpool {
  std::string path;
  bool is_live = false;  ///< in use by a process, this one or another
};
struct SpoolListing {
  std::vector<FoundSpool> spools;  ///< in the order of their making
  /// What is where spools are and isn't one: a tree may have come from a stranger, with links and
  /// directories of his own. Each with the sentence that says so.
  std::vector<Error> not_ours;
};
/// Both empty for a root without any. Thread-safe.
[[nodiscard]] SpoolListing list_spools(const std::string& root);

/// Keeps others from reading and removing a dead process's spool at the same time.
class SpoolClaim {
 public:
  /// None if it is in use, or gone.
  [[nodiscard]] static Result<std::optional<SpoolClaim>> take(const std::string& path);

 private:
  explicit SpoolClaim(Descriptor lock) : lock_(std::move(lock)) {}
  Descriptor lock_;
};

struct SpooledFile {
  std::string path;  ///< in the spool
  SpoolEntry entry;
  /// A link whose file was written to in place since: its bytes are later ones than the entry says.
  bool is_changed = false;
};
/// What the journal names and is there, in the order of keeping. No lock is needed: what its owner
/// is just writing is left out. Error `corrupt`: it isn't a spool. Thread-safe.
[[nodiscard]] Result<std::vector<SpooledFile>> read_spool(const std::string& path);
/// By no link. Thread-safe.
[[nodiscard]] Result<std::unique_ptr<FileHandle>> open_spooled_file(const SpooledFile& file);

/// What a spool has, which is its journal, its numbered files, its directory and its lock. Where
/// there is anything else, that stays, with journal and directory: error `corrupt`, as for what is
/// no spool at all, of which nothing is touched. Fine if it is gone. Whoever calls owns it or has
/// claimed it.
[[nodiscard]] Result<void> remove_spool(const std::string& path);

}  // namespace ktstr
