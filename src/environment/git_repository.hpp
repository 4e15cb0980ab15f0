// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ktstr/commit.hpp"

namespace ktstr {

/// Where a repository is and what its HEAD names. Directories are absolute, with a slash at the
/// end.
struct GitRepository {
  std::string git_directory;
  std::string common_directory;  ///< another one in a linked worktree
  std::string work_directory;    ///< empty for a bare repository
  std::string head;              ///< the 40 hex digits of a commit that is there
};

/// Asks libgit2, which unpacks no object for it, so that a damaged one does no harm. None if there
/// is no repository that libgit2 can read (among them those with SHA-256 names), if HEAD is unborn
/// or its commit missing, without libgit2, and if there is no answer by then. Thread-safe.
[[nodiscard]] std::optional<GitRepository> find_git_repository(const std::string& directory,
                                                               CommitSearch search,
                                                               std::int64_t until_ns);

/// Whether a repository's files differ from its HEAD, as far as it can be known.
struct TreeState {
  enum class Kind { clean, changed, unknown };
  Kind kind = Kind::clean;
  std::string why_unknown = {};  ///< one clause
};

/// Untracked files don't count, nor what a submodule has checked out; the submodule commit that is
/// staged does. A missing index is no sign of changes. Runs no program that the repository or
/// anybody's configuration names; writes nothing. Thread-safe.
[[nodiscard]] TreeState tree_state(const GitRepository& repository, std::int64_t until_ns);

/// The 40 hex digits of the commit that HEAD's chain of first parents ends at. Grafts are not
/// followed, nor are replaced objects. None if the clone is shallow, if a commit on the way is
/// missing or can't be read, and if there is no answer by then. Thread-safe.
[[nodiscard]] std::optional<std::string> root_commit(const GitRepository& repository,
                                                     std::int64_t until_ns);

}  // namespace ktstr
