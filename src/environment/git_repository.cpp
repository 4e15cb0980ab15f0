// SPDX-License-Identifier: MIT
#include "environment/git_repository.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "environment/git_by_command.hpp"
#include "environment/git_by_library.hpp"
#include "environment/git_patience.hpp"

namespace ktstr {
namespace {

using Kind = TreeState::Kind;

TreeState unknown(const char* why) { return {Kind::unknown, why}; }

/// What the index file's status alone says: none if it has to be read. Libraries and commands take
/// a missing file for an empty index, in which every file would be deleted, and wait for a FIFO.
std::optional<TreeState> state_by_index_file(const GitRepository& repository) {
  struct stat status = {};
  if (::stat((repository.git_directory + "index").c_str(), &status) != 0) {
    return errno == ENOENT ? TreeState{} : unknown("its index can't be looked at");
  }
  if (!S_ISREG(status.st_mode)) return unknown("its index is not a file");
  return std::nullopt;
}

bool is_shallow(const GitRepository& repository) {
  struct stat status = {};
  return ::lstat((repository.common_directory + "shallow").c_str(), &status) == 0 &&
         status.st_size > 0;
}

TreeState state_by_library(const GitRepository& repository, std::int64_t until_ns) {
  const auto answer = git_by_library::is_changed(repository, until_ns);
  if (answer.is_abandoned) return unknown("libgit2 gave no answer in time");
  if (!answer.answer) return unknown("there is no git command, and libgit2 can't tell");
  return {*answer.answer ? Kind::changed : Kind::clean};
}

TreeState state_by_command(const GitCommand& git, const GitRepository& repository,
                           std::int64_t until_ns) {
  const auto is_changed = git.is_changed(repository, patience_with(GitJudge::command, until_ns));
  if (is_changed) return {*is_changed ? Kind::changed : Kind::clean};
  if (is_changed.error().code != ErrorCode::timeout) return unknown("git can't tell");
  note_waited_in_vain(GitJudge::command);
  return unknown("git gave no answer in time");
}

}  // namespace

std::optional<GitRepository> find_git_repository(const std::string& directory, CommitSearch search,
                                                 std::int64_t until_ns) {
  if (directory.empty() || directory.find('\0') != std::string::npos) return std::nullopt;
  return git_by_library::find(directory, search, until_ns).answer;
}

TreeState tree_state(const GitRepository& repository, std::int64_t until_ns) {
  if (auto state = state_by_index_file(repository)) return *std::move(state);
  const auto git = GitCommand::find();
  return git ? state_by_command(*git, repository, until_ns)
             : state_by_library(repository, until_ns);
}

std::optional<std::string> root_commit(const GitRepository& repository, std::int64_t until_ns) {
  if (is_shallow(repository)) return std::nullopt;
  const auto git = GitCommand::find();
  if (!git) return git_by_library::root_commit(repository, until_ns).answer;
  auto root = git->root_commit(repository, patience_with(GitJudge::command, until_ns));
  if (root) return *std::move(root);
  if (root.error().code == ErrorCode::timeout) note_waited_in_vain(GitJudge::command);
  return std::nullopt;
}

}  // namespace ktstr
