// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "environment/git_stat.hpp"

namespace ktstr {

/// The file in which git keeps who is whose parent (objects/info/commit-graph), so that a long walk
/// doesn't have to unpack every commit. libgit2 has no way to ask it. The bytes may be anything and
/// have to outlive this object. Thread-safe.
class GitCommitGraph {
 public:
  explicit GitCommitGraph(std::string_view file);

  /// False for bytes that make no sense, another version, and one file of a chain.
  [[nodiscard]] bool has_commits() const { return count_ > 0; }
  /// Where the chain of first parents from a commit ends. None if the commit isn't in it.
  [[nodiscard]] std::optional<GitName> root_of(const GitName& commit) const;

 private:
  [[nodiscard]] std::string_view name_at(std::size_t position) const;
  [[nodiscard]] std::optional<std::size_t> position_of(const GitName& commit) const;

  std::size_t count_ = 0;
  std::string_view names_;    ///< sorted
  std::string_view commits_;  ///< tree, positions of two parents, generation and date
};

}  // namespace ktstr
