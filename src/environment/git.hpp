// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/asked_program.hpp"
#include "ktstr/result.hpp"
#include "ktstr/run.hpp"

namespace ktstr {

/// The process's own, for the one warning that a process gives about an unknown project commit,
/// whichever call comes first. Thread-safe.
[[nodiscard]] OnceGate& unknown_commit_gate();

/// The same for the warning about parts that can't be in a path.
[[nodiscard]] OnceGate& refused_path_part_gate();

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
/// followed, nor are replaced objects. None if there is no repository, if the clone is shallow, if
/// a commit on the way is missing or can't be read. Error timeout: there is no answer by then.
/// Thread-safe.
[[nodiscard]] Result<std::optional<std::string>> root_commit(const std::string& directory,
                                                             std::int64_t until_ns);

/// The git command, as a judge of repositories that may be a stranger's: it runs no program that
/// any configuration names (hooks, file system monitors, filters, helpers of transports), fetches
/// nothing, takes no lock, asks nobody, and is told exactly which repository is meant. Of the
/// configuration of system and user it takes what says how files compare (core.autocrlf).
/// Needs git 2.18 or newer; an older one can't tell. Thread-safe.
class GitCommand {
 public:
  /// None if the absolute entries of PATH have no git.
  [[nodiscard]] static std::optional<GitCommand> find();

  /// Errors: timeout; io where git can't tell, as where only a filter program could.
  [[nodiscard]] Result<bool> is_changed(const GitRepository& repository,
                                        std::int64_t until_ns) const;
  [[nodiscard]] Result<std::string> root_commit(const GitRepository& repository,
                                                std::int64_t until_ns) const;

 private:
  using Words = std::vector<std::string>;
  explicit GitCommand(std::string program) : program_(std::move(program)) {}

  /// `settings` and `question` follow what is said every time.
  [[nodiscard]] Result<ProgramAnswer> ask(const GitRepository& repository, const Words& settings,
                                          const Words& question, std::int64_t until_ns) const;
  [[nodiscard]] Result<Words> settings_without_filters(const GitRepository& repository,
                                                       std::int64_t until_ns) const;
  [[nodiscard]] Result<std::string> end_of_chain(const GitRepository& repository,
                                                 const Words& settings, const std::string& commit,
                                                 std::int64_t until_ns) const;

  std::string program_;
};

/// Remembers the commits that were found, never that none was. Several threads may look at the same
/// time, and a slow look keeps nobody waiting: the first one to find a commit names it for all.
class CommitMemo {
 public:
  using Probe =
      std::function<std::optional<std::string>(const std::string& directory, CommitSearch search)>;
  explicit CommitMemo(Probe probe) : probe_(std::move(probe)) {}

  /// One answer for all directories: a process belongs to one project.
  [[nodiscard]] std::optional<std::string> project(const std::string& working_directory);
  /// One answer per directory, links resolved.
  [[nodiscard]] std::optional<std::string> kernel(const std::string& directory);

 private:
  const Probe probe_;
  std::mutex mutex_;
  std::optional<std::string> project_;
  std::map<std::string, std::string> kernels_;
};

}  // namespace ktstr
