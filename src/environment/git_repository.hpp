// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "environment/git_stat.hpp"
#include "ktstr/commit.hpp"

namespace ktstr {

/// An open repository, read-only. Every failure is a none: a probe has no use for its reason.
/// For one thread, which may differ from the one that opened it.
class GitRepository {
 public:
  /// None if there is no repository that libgit2 can read (among them those with SHA-256 names),
  /// or no libgit2.
  [[nodiscard]] static std::optional<GitRepository> open(const std::string& directory,
                                                         CommitSearch search);
  GitRepository(GitRepository&&) noexcept;
  GitRepository& operator=(GitRepository&&) noexcept;
  ~GitRepository();

  /// The first 7 hex digits of HEAD's commit. None if HEAD is unborn or the commit is missing.
  [[nodiscard]] std::optional<std::string> head() const;
  /// The 40 hex digits of the commit that HEAD's chain of first parents ends at. None if HEAD is
  /// unborn, the clone is shallow, or a commit is missing or can't be read.
  [[nodiscard]] std::optional<std::string> root_commit() const;
  /// Absolute, with a slash at the end; empty for a bare repository.
  [[nodiscard]] std::string work_directory() const;
  /// Reads the index; false if there is no index file or libgit2 can't read it (a split or sparse
  /// one, a damaged one). The next functions need it.
  [[nodiscard]] bool read_index();
  [[nodiscard]] GitStatRules stat_rules() const;
  /// The entries whose files have to look as recorded: all but submodules and those that git was
  /// told not to look at (skip-worktree, assume-unchanged). The paths live as long as this object.
  [[nodiscard]] std::vector<GitIndexEntry> tracked_files() const;
  /// False if HEAD's commit has no readable tree.
  [[nodiscard]] bool has_head_tree() const;
  /// True if the index differs from HEAD's tree in more than submodules; false if that is unknown.
  [[nodiscard]] bool is_index_changed() const;
  /// True if the file holds the recorded bytes, or the link the recorded target: unchanged, without
  /// a look at conversions, which cost many times more. Safe from several threads.
  [[nodiscard]] bool has_recorded_bytes(const GitIndexEntry& entry) const;
  /// True if the file's content, after the conversions that a commit of it would go through, isn't
  /// the recorded one; false if that is unknown.
  [[nodiscard]] bool is_content_changed(const GitIndexEntry& entry) const;

 private:
  struct State;
  explicit GitRepository(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ktstr
