// SPDX-License-Identifier: MIT
#include "environment/git_library.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "base/dynamic_library.hpp"
#include "base/time_text.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_patience_ns = 5'000'000'000;
constexpr std::int64_t k_impatience_ns = 250'000'000;

std::atomic<bool>& has_waited_in_vain(GitJudge judge) {
  static std::atomic<bool> for_library = false;
  static std::atomic<bool> for_command = false;
  return judge == GitJudge::library ? for_library : for_command;
}

}  // namespace

std::int64_t git_deadline_ns() { return system_clock().steady_ns() + k_patience_ns; }

std::int64_t patience_with(GitJudge judge, std::int64_t until_ns) {
  if (!has_waited_in_vain(judge)) return until_ns;
  return std::min(until_ns, system_clock().steady_ns() + k_impatience_ns);
}

void note_waited_in_vain(GitJudge judge) { has_waited_in_vain(judge) = true; }

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

namespace ktstr::git_by_library {
namespace {

constexpr std::size_t k_digits = 40;

using Repository = GitOwned<git_repository>;

/// Calls `work` with the library and the repository, on another thread.
template <class Answer>
Abandonable<Answer> ask(
    const std::string& directory, unsigned flags, std::int64_t until_ns,
    std::function<std::optional<Answer>(const GitLibrary&, git_repository*)> work) {
  auto answer = abandonable<Answer>(
      patience_with(GitJudge::library, until_ns),
      [directory, flags, work = std::move(work)]() -> std::optional<Answer> {
        const GitLibrary* git = git_library();
        if (git == nullptr) return std::nullopt;
        const auto repository =
            make_git<git_repository>(git->repository_free, [&](git_repository** into) {
              return git->repository_open_ext(into, directory.c_str(), flags, nullptr);
            });
        return repository ? work(*git, repository.get()) : std::nullopt;
      });
  if (answer.is_abandoned) note_waited_in_vain(GitJudge::library);
  return answer;
}

/// From which libgit2 finds the same repository again.
const std::string& top_of(const GitRepository& repository) {
  return repository.work_directory.empty() ? repository.git_directory : repository.work_directory;
}

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : text; }

std::string hex(const GitLibrary& git, const git_oid& id) {
  std::string digits(k_digits, '0');
  git.oid_nfmt(digits.data(), digits.size(), &id);
  return digits;
}

bool has_object(const GitLibrary& git, git_repository* repository, const git_oid& id) {
  const auto objects = make_git<git_odb>(
      git.odb_free, [&](git_odb** into) { return git.repository_odb(into, repository); });
  return objects && git.odb_exists(objects.get(), &id) == 1;
}

std::optional<GitRepository> describe(const GitLibrary& git, git_repository* repository) {
  git_oid head;
  if (git.reference_name_to_id(&head, repository, "HEAD") != 0 ||
      !has_object(git, repository, head)) {
    return std::nullopt;
  }
  return GitRepository{text_or_empty(git.repository_path(repository)),
                       text_or_empty(git.repository_commondir(repository)),
                       text_or_empty(git.repository_workdir(repository)), hex(git, head)};
}

GitOwned<git_object> head_tree(const GitLibrary& git, git_repository* repository) {
  return make_git<git_object>(git.object_free, [&](git_object** into) {
    return git.revparse_single(into, repository, "HEAD^{tree}");
  });
}

/// The comparison that is going on.
struct Comparison {
  const GitLibrary& git;
  git_index* index = nullptr;
  bool is_changed = false;
};

bool is_skipped(const Comparison& comparison, const git_diff_delta& delta) {
  const git_index_entry* entry =
      comparison.git.index_get_bypath(comparison.index, delta.old_file.path, 0);
  return entry != nullptr && (entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0;
}

int note_difference(const git_diff* /*diff*/, const git_diff_delta* /*delta*/,
                    const char* /*pathspec*/, void* payload) {
  static_cast<Comparison*>(payload)->is_changed = true;
  return GIT_EUSER;  // ends the comparison
}

int note_file_difference(const git_diff* diff, const git_diff_delta* delta, const char* pathspec,
                         void* payload) {
  constexpr int k_leave_out = 1;
  if (is_skipped(*static_cast<Comparison*>(payload), *delta)) return k_leave_out;
  return note_difference(diff, delta, pathspec, payload);
}

/// True or false from a comparison that ended well or at a difference, else none.
std::optional<bool> outcome(int status, const Comparison& comparison) {
  if (comparison.is_changed) return true;
  return status == 0 ? std::optional<bool>(false) : std::nullopt;
}

int note_program(const git_config_entry* entry, void* payload) {
  constexpr int k_stop = 1;
  if (entry->value == nullptr || *entry->value == '\0') return 0;
  *static_cast<bool*>(payload) = true;
  return k_stop;
}

/// True if content may have to go through a program to be compared, which libgit2 doesn't know of.
bool has_filter_programs(const GitLibrary& git, git_repository* repository) {
  const auto config = make_git<git_config>(git.config_free, [&](git_config** into) {
    return git.repository_config_snapshot(into, repository);
  });
  bool has_program = false;
  return !config ||
         git.config_foreach_match(config.get(), "^filter\\..*\\.(clean|process)$", note_program,
                                  &has_program) != 0 ||
         has_program;
}

std::optional<bool> compare_files(const GitLibrary& git, git_repository* repository,
                                  git_diff_options& options, Comparison& comparison) {
  git_diff* made = nullptr;
  options.flags |= GIT_DIFF_IGNORE_SUBMODULES;
  options.ignore_submodules = GIT_SUBMODULE_IGNORE_ALL;
  options.notify_cb = note_file_difference;
  const int status = git.diff_index_to_workdir(&made, repository, comparison.index, &options);
  git.diff_free(made);
  const auto found = outcome(status, comparison);
  if (found == false && has_filter_programs(git, repository)) return std::nullopt;
  return found;
}

std::optional<bool> compare(const GitLibrary& git, git_repository* repository) {
  const auto tree = head_tree(git, repository);
  const auto index = make_git<git_index>(
      git.index_free, [&](git_index** into) { return git.repository_index(into, repository); });
  git_diff_options options;
  if (!tree || !index || git.diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION) != 0) {
    return std::nullopt;
  }
  Comparison comparison = {git, index.get()};
  options.payload = &comparison;
  options.flags = GIT_DIFF_INCLUDE_TYPECHANGE;
  options.ignore_submodules = GIT_SUBMODULE_IGNORE_NONE;
  options.notify_cb = note_difference;
  git_diff* made = nullptr;
  // A git_tree is a git_object; the C interface has no other way to say so.
  const int status = git.diff_tree_to_index(
      &made, repository, reinterpret_cast<git_tree*>(tree.get()), index.get(), &options);
  git.diff_free(made);
  const auto staged = outcome(status, comparison);
  if (staged != false || git.repository_workdir(repository) == nullptr) return staged;
  return compare_files(git, repository, options, comparison);
}

/// libgit2 1.5 follows no grafts; later ones may.
std::optional<std::string> walk(const GitLibrary& git, git_repository* repository) {
  const auto walker = make_git<git_revwalk>(
      git.revwalk_free, [&](git_revwalk** into) { return git.revwalk_new(into, repository); });
  if (!walker || git.revwalk_simplify_first_parent(walker.get()) != 0 ||
      git.revwalk_push_head(walker.get()) != 0) {
    return std::nullopt;
  }
  git_oid last = {};
  int status = 0;
  while ((status = git.revwalk_next(&last, walker.get())) == 0) {
  }
  return status == GIT_ITEROVER ? std::optional<std::string>(hex(git, last)) : std::nullopt;
}

}  // namespace

Abandonable<GitRepository> find(const std::string& directory, CommitSearch search,
                                std::int64_t until_ns) {
  if (directory.empty() || directory.find('\0') != std::string::npos) return {};
  const unsigned flags = search == CommitSearch::exact ? GIT_REPOSITORY_OPEN_NO_SEARCH : 0;
  return ask<GitRepository>(directory, flags, until_ns, describe);
}

Abandonable<bool> is_changed(const GitRepository& repository, std::int64_t until_ns) {
  return ask<bool>(top_of(repository), GIT_REPOSITORY_OPEN_NO_SEARCH, until_ns, compare);
}

Abandonable<std::string> root_commit(const GitRepository& repository, std::int64_t until_ns) {
  return ask<std::string>(top_of(repository), GIT_REPOSITORY_OPEN_NO_SEARCH, until_ns, walk);
}

}  // namespace ktstr::git_by_library
