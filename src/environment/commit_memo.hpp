// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "ktstr/commit.hpp"

namespace ktstr {

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
