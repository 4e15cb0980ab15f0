// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace ktstr {

/// The project under which an archive files the results of a runs root: "git:" and the 40 hex
/// digits of the commit that the history of the project's repository begins with, so that its
/// worktrees, clones and checkouts at any place are one project. Else "path:" and the root: without
/// a repository, without a commit, in a shallow clone, where a commit is missing, with SHA-256
/// names, without libgit2, where git gives no answer in the time that a look has
/// (ktstr/commit.hpp).
///
/// The repository is the nearest one upward of the root, up to the file system's boundary; for a
/// root that isn't there yet, upward of its nearest directory that is. The beginning is where the
/// chain of HEAD's first parents ends: a history can have several (a merged-in project's too), and
/// to find them all would take seconds in a kernel tree. Grafts and replaced objects are ignored.
///
/// `root` is absolute and canonical. Up to 10 µs a commit, a small part of that where git keeps a
/// commit graph. Thread-safe; never fails.
[[nodiscard]] std::string project_key(const std::string& root);

}  // namespace ktstr
