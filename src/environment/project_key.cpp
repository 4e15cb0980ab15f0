// SPDX-License-Identifier: MIT
#include "environment/project_key.hpp"

#include <filesystem>
#include <optional>
#include <system_error>

#include "environment/git_patience.hpp"
#include "environment/git_repository.hpp"
#include "ktstr/commit.hpp"

namespace ktstr {
namespace {

/// Empty if there is none, as for a path that could not be one.
std::string nearest_directory(const std::string& path) {
  if (path.find('\0') != std::string::npos) return {};
  std::error_code ignored;
  std::filesystem::path directory(path);
  while (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    const std::filesystem::path parent = directory.parent_path();
    directory = parent == directory ? std::filesystem::path() : parent;
  }
  return directory.string();
}

std::optional<std::string> project_root_commit(const std::string& root) {
  const std::int64_t until_ns = git_deadline_ns();
  const auto repository =
      find_git_repository(nearest_directory(root), CommitSearch::upward, until_ns);
  return repository ? root_commit(*repository, until_ns) : std::nullopt;
}

}  // namespace

std::string project_key(const std::string& root) {
  const auto commit = project_root_commit(root);
  return commit ? "git:" + *commit : "path:" + root;
}

}  // namespace ktstr
