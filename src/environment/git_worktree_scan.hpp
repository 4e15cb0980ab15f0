// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "environment/git_stat.hpp"

namespace ktstr {

/// Looks at the status of many tracked files, on a thread of its own and on the caller's.
class GitWorktreeScan {
 public:
  /// Begins at once. The entries have to outlive the scan.
  GitWorktreeScan(std::string directory, const std::vector<GitIndexEntry>& entries,
                  const GitStatRules& rules);
  GitWorktreeScan(const GitWorktreeScan&) = delete;
  GitWorktreeScan& operator=(const GitWorktreeScan&) = delete;
  /// Drops what isn't done.
  ~GitWorktreeScan();

  /// Takes part until everything is looked at or a change is found. True for a change: a file that
  /// is missing or can't be what was recorded. A file whose status can't be had is none.
  [[nodiscard]] bool find_change();
  /// The entries that only their content can tell about. After find_change() said false.
  [[nodiscard]] std::vector<const GitIndexEntry*> unsure() const;

 private:
  using Unsure = std::vector<const GitIndexEntry*>;
  void work(Unsure& unsure);

  const std::string directory_;
  const std::vector<GitIndexEntry>& entries_;
  const GitStatRules rules_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> is_changed_ = false;
  std::atomic<bool> is_dropped_ = false;
  Unsure own_unsure_;
  Unsure helper_unsure_;
  std::thread helper_;
};

}  // namespace ktstr
