// SPDX-License-Identifier: MIT
#include "environment/commit_memo.hpp"

#include <filesystem>
#include <system_error>

namespace ktstr {
namespace {

std::string key_of(const std::string& directory) {
  std::error_code failed;
  const auto canonical = std::filesystem::canonical(directory, failed);
  return failed ? directory : canonical.string();
}

}  // namespace

std::optional<std::string> CommitMemo::project(const std::string& working_directory) {
  {
    const std::lock_guard lock(mutex_);
    if (project_) return project_;
  }
  auto found = probe_(working_directory, CommitSearch::upward);
  if (!found) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!project_) project_ = std::move(found);
  return project_;
}

std::optional<std::string> CommitMemo::kernel(const std::string& directory) {
  const std::string key = key_of(directory);
  {
    const std::lock_guard lock(mutex_);
    const auto known = kernels_.find(key);
    if (known != kernels_.end()) return known->second;
  }
  auto found = probe_(directory, CommitSearch::exact);
  if (!found) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return kernels_.try_emplace(key, *std::move(found)).first->second;
}

}  // namespace ktstr
