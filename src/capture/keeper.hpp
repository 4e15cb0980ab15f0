// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "capture/capture.hpp"

namespace ktstr {

/// A directory below a root: the root itself, a run directory, or a job directory.
struct CapturePlace {
  std::size_t root = 0;  ///< index into CaptureOptions::roots
  std::string run_dir;   ///< empty for the root
  std::string job;       ///< empty for the root or a run directory

  friend bool operator==(const CapturePlace&, const CapturePlace&) = default;
};

/// How it became known that a file is there.
enum class NoticedBy {
  existing,  ///< listed at the start: not to be kept
  listed,    ///< listed later
  renamed,   ///< an event: it got its name, by a rename or a link
  written,   ///< an event: it was written to under this name
  created,   ///< an event: it is there, but may have to be written yet
};

/// Puts each version of a file into the root's spool once. Not thread-safe.
class CaptureKeeper {
 public:
  explicit CaptureKeeper(const CaptureOptions& options);

  /// A sidecar, a failure dump, or a trace if those are wanted.
  [[nodiscard]] bool is_wanted(std::string_view file_name) const;
  [[nodiscard]] std::string path_of(const CapturePlace& place) const;

  /// Makes the root's spool, if it has none that can be used.
  bool open_spool(std::size_t root);
  /// What was kept in one that somebody removed is lost. As long as it is open, the system doesn't
  /// say that the directories above it are gone.
  void close_removed_spool(std::size_t root);
  /// For a wanted name in a run or job directory.
  void see(const CapturePlace& place, const std::string& file_name, NoticedBy noticed);
  /// Hands over what was kept and starts anew. Versions that were kept stay known.
  [[nodiscard]] std::vector<CaptureRootReport> take();
  /// At the end: an empty spool is nobody's business.
  void remove_spools();

 private:
  /// What tells two versions of a file apart. Not the ctime, which each link changes.
  struct Version {
    explicit Version(const Stamp& stamp)
        : device(stamp.device),
          inode(stamp.inode),
          mtime_ns(stamp.mtime_ns),
          size_bytes(stamp.size_bytes) {}
    std::uint64_t device;
    std::uint64_t inode;
    std::int64_t mtime_ns;
    std::int64_t size_bytes;
    friend bool operator==(const Version&, const Version&) = default;
  };
  struct HashVersion {
    std::size_t operator()(const Version& version) const;
  };
  using Versions = std::unordered_set<Version, HashVersion>;

  void see_new(const CapturePlace& place, const std::string& file_name, const Stamp& stamp,
               NoticedBy noticed);
  void keep(const CapturePlace& place, const std::string& file_name, bool is_in_place);
  void tell(const CapturePlace& place, const std::string& file_name,
            const Spool::Stored& stored) const;
  [[nodiscard]] tl::expected<Spool::Stored, int> store(Spool& spool, const std::string& path,
                                                       bool is_in_place) const;
  [[nodiscard]] std::optional<std::string> session_of(const CapturePlace& place) const;
  void miss(std::size_t root, Error error);

  const CaptureOptions& options_;
  std::vector<CaptureRootReport> roots_;
  Versions existing_;
  Versions kept_;
  Versions linked_;  ///< of any time and size: the inodes that a link in a spool follows
};

}  // namespace ktstr
