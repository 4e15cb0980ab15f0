// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_tree.hpp"

namespace ktstr::test {

enum class FakeOperation { open, read, list, status, write, sync, rename, remove };

/// What is to happen when an operation reaches a path, and what has. Not thread-safe.
class FakeOperations {
 public:
  using Key = std::pair<FakeOperation, std::string>;

  void fail(FakeOperation operation, const std::string& path, int error_number) {
    faults_[{operation, clean_path(path)}] = error_number;
  }
  void before(FakeOperation operation, const std::string& path, std::function<void()> action) {
    actions_[{operation, clean_path(path)}] = std::move(action);
  }
  [[nodiscard]] std::vector<std::string> paths(FakeOperation operation) const {
    const auto found = paths_.find(operation);
    return found == paths_.end() ? std::vector<std::string>{} : found->second;
  }
  void clear_counts() { paths_.clear(); }

  /// Counts the operation, runs its hook, and fails if it shall.
  [[nodiscard]] ErrnoOr<void> begin(FakeOperation operation, const std::string& path) {
    const Key key{operation, clean_path(path)};
    paths_[operation].push_back(key.second);
    // Taken out first: an action that does the same operation must not find itself.
    if (auto action = actions_.extract(key)) action.mapped()();
    const auto fault = faults_.find(key);
    if (fault != faults_.end() && fault->second != 0) return tl::unexpected(fault->second);
    return {};
  }

 private:
  std::map<Key, int> faults_;
  std::map<Key, std::function<void()>> actions_;
  std::map<FakeOperation, std::vector<std::string>> paths_;
};

}  // namespace ktstr::test
