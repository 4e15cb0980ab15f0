// SPDX-License-Identifier: MIT
#pragma once

#include <git2.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/asked_program.hpp"
#include "environment/git.hpp"
#include "ktstr/run.hpp"

namespace ktstr {

/// Who is asked about a repository.
enum class GitJudge { library, command };

/// When a look at a repository that begins now has to be over, on the steady clock: in 5 s.
/// Thread-safe.
[[nodiscard]] std::int64_t git_deadline_ns();

/// How much of that one question may take: all, or a quarter of a second once somebody in this
/// process has waited for that judge in vain, since results wait for these looks. Thread-safe.
[[nodiscard]] std::int64_t patience_with(GitJudge judge, std::int64_t until_ns);
void note_waited_in_vain(GitJudge judge);

// libgit2, opened when the first probe needs it. Linking it would cost every process about 2 ms for
// it and its fifteen libraries, and most of ours never look at a repository.

/// The functions of libgit2 that we call. Thread-safe as libgit2 is: objects belong to one thread.
struct GitLibrary {
  decltype(&git_libgit2_init) libgit2_init = nullptr;
  decltype(&git_libgit2_opts) libgit2_opts = nullptr;
  decltype(&git_repository_open_ext) repository_open_ext = nullptr;
  decltype(&git_repository_free) repository_free = nullptr;
  decltype(&git_repository_path) repository_path = nullptr;
  decltype(&git_repository_workdir) repository_workdir = nullptr;
  decltype(&git_repository_commondir) repository_commondir = nullptr;
  decltype(&git_repository_odb) repository_odb = nullptr;
  decltype(&git_repository_index) repository_index = nullptr;
  decltype(&git_repository_config_snapshot) repository_config_snapshot = nullptr;
  decltype(&git_config_foreach_match) config_foreach_match = nullptr;
  decltype(&git_config_free) config_free = nullptr;
  decltype(&git_reference_name_to_id) reference_name_to_id = nullptr;
  decltype(&git_revparse_single) revparse_single = nullptr;
  decltype(&git_object_free) object_free = nullptr;
  decltype(&git_odb_exists) odb_exists = nullptr;
  decltype(&git_odb_free) odb_free = nullptr;
  decltype(&git_oid_nfmt) oid_nfmt = nullptr;
  decltype(&git_index_get_bypath) index_get_bypath = nullptr;
  decltype(&git_index_free) index_free = nullptr;
  decltype(&git_diff_options_init) diff_options_init = nullptr;
  decltype(&git_diff_tree_to_index) diff_tree_to_index = nullptr;
  decltype(&git_diff_index_to_workdir) diff_index_to_workdir = nullptr;
  decltype(&git_diff_free) diff_free = nullptr;
  decltype(&git_revwalk_new) revwalk_new = nullptr;
  decltype(&git_revwalk_simplify_first_parent) revwalk_simplify_first_parent = nullptr;
  decltype(&git_revwalk_push_head) revwalk_push_head = nullptr;
  decltype(&git_revwalk_next) revwalk_next = nullptr;
  decltype(&git_revwalk_free) revwalk_free = nullptr;
};

/// The library, opened and set up by the first call that succeeds, and never closed. Null if this
/// machine has none or it isn't the version that we were built with; the next call tries again.
/// Setting it up switches its check of a repository's owner off, in the whole process: a checkout
/// that another user owns (a container's bind mount) has a commit like any other. Thread-safe.
[[nodiscard]] const GitLibrary* git_library();

/// An object of libgit2 and the function that frees it.
template <class T>
using GitOwned = std::unique_ptr<T, void (*)(T*)>;

/// Calls a function of libgit2 that makes an object; null if it fails.
template <class T, class Make>
[[nodiscard]] GitOwned<T> make_git(void (*release)(T*), const Make& make_into) {
  T* made = nullptr;
  if (make_into(&made) != 0) made = nullptr;
  return GitOwned<T>(made, release);
}

}  // namespace ktstr

// What libgit2 is asked. It waits for ever where a file of a repository is a FIFO, and spins for
// ever over a truncated object: each question gets a thread that can be left behind.

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
