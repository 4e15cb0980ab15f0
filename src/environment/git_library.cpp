// SPDX-License-Identifier: MIT
#include "environment/git_library.hpp"

#include <array>
#include <mutex>

#include "base/dynamic_library.hpp"

namespace ktstr {
namespace {

bool find_repository_functions(const DynamicLibrary& library, GitLibrary& git) {
  return find_function(library, "git_libgit2_init", git.libgit2_init) &&
         find_function(library, "git_libgit2_opts", git.libgit2_opts) &&
         find_function(library, "git_repository_open_ext", git.repository_open_ext) &&
         find_function(library, "git_repository_free", git.repository_free) &&
         find_function(library, "git_repository_path", git.repository_path) &&
         find_function(library, "git_repository_workdir", git.repository_workdir) &&
         find_function(library, "git_repository_commondir", git.repository_commondir) &&
         find_function(library, "git_repository_odb", git.repository_odb) &&
         find_function(library, "git_repository_index", git.repository_index) &&
         find_function(library, "git_repository_config_snapshot", git.repository_config_snapshot) &&
         find_function(library, "git_config_foreach_match", git.config_foreach_match) &&
         find_function(library, "git_config_free", git.config_free);
}

bool find_object_functions(const DynamicLibrary& library, GitLibrary& git) {
  return find_function(library, "git_reference_name_to_id", git.reference_name_to_id) &&
         find_function(library, "git_revparse_single", git.revparse_single) &&
         find_function(library, "git_object_free", git.object_free) &&
         find_function(library, "git_odb_exists", git.odb_exists) &&
         find_function(library, "git_odb_free", git.odb_free) &&
         find_function(library, "git_oid_nfmt", git.oid_nfmt);
}

bool find_index_functions(const DynamicLibrary& library, GitLibrary& git) {
  return find_function(library, "git_index_get_bypath", git.index_get_bypath) &&
         find_function(library, "git_index_free", git.index_free) &&
         find_function(library, "git_diff_options_init", git.diff_options_init) &&
         find_function(library, "git_diff_tree_to_index", git.diff_tree_to_index) &&
         find_function(library, "git_diff_index_to_workdir", git.diff_index_to_workdir) &&
         find_function(library, "git_diff_free", git.diff_free);
}

bool find_walk_functions(const DynamicLibrary& library, GitLibrary& git) {
  return find_function(library, "git_revwalk_new", git.revwalk_new) &&
         find_function(library, "git_revwalk_simplify_first_parent",
                       git.revwalk_simplify_first_parent) &&
         find_function(library, "git_revwalk_push_head", git.revwalk_push_head) &&
         find_function(library, "git_revwalk_next", git.revwalk_next) &&
         find_function(library, "git_revwalk_free", git.revwalk_free);
}

/// Extensions that change nothing of what we read. libgit2 refuses a repository with any other; it
/// knows none of these, which sparse checkouts, partial clones and linked worktrees switch on.
bool allow_harmless_extensions(const GitLibrary& git) {
  std::array<const char*, 5> names = {"noop", "partialclone", "preciousobjects",
                                      "relativeworktrees", "worktreeconfig"};
  return git.libgit2_opts(GIT_OPT_SET_EXTENSIONS, names.data(), names.size()) == 0;
}

bool load(GitLibrary& git) {
  DynamicLibrary library = open_library("libgit2.so." LIBGIT2_SOVERSION);
  if (!library || !find_repository_functions(library, git) ||
      !find_object_functions(library, git) || !find_index_functions(library, git) ||
      !find_walk_functions(library, git) || git.libgit2_init() < 0) {
    return false;
  }
  // Initialized, it has to stay: it keeps thread-local data and exit handlers.
  static_cast<void>(library.release());
  return git.libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) == 0 && allow_harmless_extensions(git);
}

class SharedLibrary {
 public:
  const GitLibrary* get() {
    const std::lock_guard lock(mutex_);
    if (!loaded_) loaded_ = load(git_);
    return loaded_ ? &git_ : nullptr;
  }

 private:
  std::mutex mutex_;
  bool loaded_ = false;
  GitLibrary git_;
};

}  // namespace

const GitLibrary* git_library() {
  static SharedLibrary library;
  return library.get();
}

}  // namespace ktstr
