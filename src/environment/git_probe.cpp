// SPDX-License-Identifier: MIT
#include <filesystem>
#include <system_error>
#include <vector>

#include "environment/commit_memo.hpp"
#include "environment/git_content_scan.hpp"
#include "environment/git_repository.hpp"
#include "environment/git_worktree_scan.hpp"
#include "environment/variables.hpp"
#include "ktstr/commit.hpp"

namespace ktstr {
namespace {

/// 1. A second thread begins to compare the files' status with the index.
/// 2. Meanwhile the index is compared with HEAD.
/// 3. Both threads do the rest of the files.
/// 4. Files that look different, or could be without it showing, are read.
/// Whatever differs first ends it.
bool is_dirty(GitRepository& repository) {
  if (!repository.has_head_tree() || !repository.read_index()) return false;
  const std::string directory = repository.work_directory();
  if (directory.empty()) return repository.is_index_changed();
  const std::vector<GitIndexEntry> entries = repository.tracked_files();
  GitWorktreeScan scan(directory, entries, repository.stat_rules());
  return repository.is_index_changed() || scan.find_change() ||
         is_any_content_changed(repository, scan.unsure());
}

CommitMemo& process_memo() {
  static CommitMemo memo(commit_at);
  return memo;
}

}  // namespace

std::optional<std::string> commit_at(const std::string& directory, CommitSearch search) {
  auto repository = GitRepository::open(directory, search);
  if (!repository) return std::nullopt;
  auto commit = repository->head();
  if (commit && is_dirty(*repository)) *commit += "-dirty";
  return commit;
}

std::optional<std::string> detect_project_commit(const Variables& variables) {
  if (auto named = non_empty_utf8(variables, "KTSTR_PROJECT_COMMIT")) return named;
  // Empty if it was removed while we were in it: an answer found before is still the answer.
  std::error_code ignored;
  return process_memo().project(std::filesystem::current_path(ignored).string());
}

std::optional<std::string> detect_kernel_commit(const std::string& directory) {
  return process_memo().kernel(directory);
}

}  // namespace ktstr
