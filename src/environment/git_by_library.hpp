// SPDX-License-Identifier: MIT
#pragma once

// What libgit2 is asked. It waits for ever where a file of a repository is a FIFO, and spins for
// ever over a truncated object: each question gets a thread that can be left behind.

#include <cstdint>
#include <string>

#include "base/abandonable.hpp"
#include "environment/git_repository.hpp"
#include "ktstr/commit.hpp"

namespace ktstr::git_by_library {

/// Nothing is unpacked for it.
[[nodiscard]] Abandonable<GitRepository> find(const std::string& directory, CommitSearch search,
                                              std::int64_t until_ns);
/// None if the index can't be read (a split or sparse one, one without a checksum, a damaged one),
/// and in place of false where filter programs are configured.
[[nodiscard]] Abandonable<bool> is_changed(const GitRepository& repository, std::int64_t until_ns);
/// About 10 µs a commit.
[[nodiscard]] Abandonable<std::string> root_commit(const GitRepository& repository,
                                                   std::int64_t until_ns);

}  // namespace ktstr::git_by_library
