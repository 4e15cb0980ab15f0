// SPDX-License-Identifier: MIT
#pragma once

// What git's index knows of a tracked file, and what a look at the file's status says about it.

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace ktstr {

/// A time as the index stores it: both halves cut to 32 bits; 0 ns often means "not recorded".
struct GitTime {
  std::uint32_t seconds = 0;
  std::uint32_t nanoseconds = 0;

  friend bool operator==(const GitTime&, const GitTime&) = default;
};

[[nodiscard]] GitTime git_time(std::int64_t since_epoch_ns);

/// The SHA-1 name of an object.
using GitName = std::array<unsigned char, 20>;

/// One entry of the index. Sizes and numbers are cut to 32 bits there.
struct GitIndexEntry {
  std::string_view path;  ///< relative to the working directory, NUL after it
  std::uint32_t mode = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t inode = 0;
  std::uint32_t owner = 0;
  std::uint32_t group = 0;
  GitTime mtime;
  GitTime ctime;
  GitName blob = {};
  bool is_unfinished = false;  ///< in conflict, or added by intent only: never equal to a commit
};

/// How the repository wants status fields compared (git-config's core.*), and when its index was
/// written.
struct GitStatRules {
  bool trust_mode = true;    ///< core.fileMode
  bool trust_ctime = true;   ///< core.trustCtime
  bool check_all = true;     ///< core.checkStat isn't "minimal"
  bool has_symlinks = true;  ///< core.symlinks; without, a plain file stands for a link
  GitTime index_written;     ///< the index file's mtime
};

enum class GitStatVerdict {
  unchanged,
  changed,
  unsure,  ///< only the content can tell
};

/// Compares by git's rules, and in nanoseconds where both sides have them. Pure.
[[nodiscard]] GitStatVerdict compare_status(const GitIndexEntry& entry, const struct stat& status,
                                            const GitStatRules& rules);

}  // namespace ktstr
