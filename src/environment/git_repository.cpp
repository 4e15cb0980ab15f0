// SPDX-License-Identifier: MIT
#include "environment/git_repository.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/file_system.hpp"
#include "environment/git_cache_tree.hpp"
#include "environment/git_library.hpp"
#include "environment/git_root_commit.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_short_digits = 7;
constexpr std::uint64_t k_most_index_bytes = 1 << 30;
constexpr std::uint64_t k_most_whole_file_bytes = 64 << 20;

GitTime to_time(const git_index_time& time) {
  return {static_cast<std::uint32_t>(time.seconds), time.nanoseconds};
}

bool is_same(const git_oid& id, const GitName& name) {
  static_assert(sizeof(id.id) == sizeof(name));
  return std::equal(name.begin(), name.end(), std::begin(id.id));
}

bool is_compared(const git_index_entry& entry) {
  return (S_ISREG(entry.mode) || S_ISLNK(entry.mode)) &&
         (entry.flags & GIT_INDEX_ENTRY_VALID) == 0 &&
         (entry.flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) == 0;
}

GitIndexEntry to_entry(const git_index_entry& from) {
  GitIndexEntry entry;
  entry.path = from.path;
  entry.mode = from.mode;
  entry.size_bytes = from.file_size;
  entry.inode = from.ino;
  entry.owner = from.uid;
  entry.group = from.gid;
  entry.mtime = to_time(from.mtime);
  entry.ctime = to_time(from.ctime);
  std::copy(std::begin(from.id.id), std::end(from.id.id), entry.blob.begin());
  entry.is_unfinished = GIT_INDEX_ENTRY_STAGE(&from) != 0 ||
                        (from.flags_extended & GIT_INDEX_ENTRY_INTENT_TO_ADD) != 0;
  return entry;
}

/// What a link names; none for an entry of another kind, or where a file stands for the link.
std::optional<std::string> link_target(const GitIndexEntry& entry, const std::string& path) {
  if (!S_ISLNK(entry.mode)) return std::nullopt;
  std::string target(4096, '\0');
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0 || static_cast<std::size_t>(length) == target.size()) return std::nullopt;
  target.resize(static_cast<std::size_t>(length));
  return target;
}

std::optional<std::string> read_whole(const std::string& path, std::uint64_t most_bytes) {
  const auto file = system_file_system().open_file(path);
  if (!file) return std::nullopt;
  auto bytes = (*file)->read_all(most_bytes);
  return bytes ? std::optional<std::string>(*std::move(bytes)) : std::nullopt;
}

/// Ends the comparison at the first difference.
int note_difference(const git_diff* /*diff*/, const git_diff_delta* /*delta*/,
                    const char* /*pathspec*/, void* payload) {
  *static_cast<bool*>(payload) = true;
  return GIT_EUSER;
}

}  // namespace

struct GitRepository::State {
  State(const GitLibrary& library, GitOwned<git_repository> opened)
      : git(library),
        repository(std::move(opened)),
        config(make_git<git_config>(git.config_free, [this](git_config** into) {
          return git.repository_config_snapshot(into, repository.get());
        })) {}

  [[nodiscard]] bool flag(const char* name, bool fallback) const {
    int value = 0;
    if (!config || git.config_get_bool(&value, config.get(), name) != 0) return fallback;
    return value != 0;
  }
  [[nodiscard]] std::optional<std::string> text(const std::string& name) const {
    const char* value = nullptr;
    if (!config || git.config_get_string(&value, config.get(), name.c_str()) != 0) return {};
    return value;
  }
  /// The value that .gitattributes give a path, none if it is true, false or not there.
  [[nodiscard]] std::optional<std::string> attribute(const char* path, const char* name) const {
    const char* value = nullptr;
    if (git.attr_get(&value, repository.get(), GIT_ATTR_CHECK_FILE_THEN_INDEX, path, name) != 0 ||
        git.attr_value(value) != GIT_ATTR_VALUE_STRING) {
      return std::nullopt;
    }
    return value;
  }
  [[nodiscard]] bool needs_git_to_convert(const char* path) const;
  [[nodiscard]] GitOwned<git_object> head_object() const;
  [[nodiscard]] GitOwned<git_object> head_tree() const;
  [[nodiscard]] bool hash_bytes(const std::optional<std::string>& bytes, git_oid& into) const;
  [[nodiscard]] bool hash_file(const GitIndexEntry& entry, const std::string& path,
                               git_oid& into) const;

  const GitLibrary& git;
  GitOwned<git_repository> repository;
  GitOwned<git_config> config;
  GitOwned<git_index> index = GitOwned<git_index>(nullptr, nullptr);
  GitTime index_written = {};
  std::optional<GitName> index_tree = {};
};

/// True if git would run a program over the content (git-lfs) or change its encoding. libgit2 does
/// neither, so its hash would say nothing.
bool GitRepository::State::needs_git_to_convert(const char* path) const {
  if (attribute(path, "working-tree-encoding")) return true;
  const auto driver = attribute(path, "filter");
  return driver && (text("filter." + *driver + ".clean") || text("filter." + *driver + ".process"));
}

/// What HEAD names, behind tags; null if it is unborn or not in the object store.
GitOwned<git_object> GitRepository::State::head_object() const {
  GitOwned<git_object> none(nullptr, git.object_free);
  git_oid id;
  if (git.reference_name_to_id(&id, repository.get(), "HEAD") != 0) return none;
  auto object = make_git<git_object>(git.object_free, [&](git_object** into) {
    return git.object_lookup(into, repository.get(), &id, GIT_OBJECT_ANY);
  });
  if (!object || git.object_type(object.get()) != GIT_OBJECT_TAG) return object;
  return make_git<git_object>(git.object_free, [&](git_object** into) {
    return git.object_peel(into, object.get(), GIT_OBJECT_ANY);
  });
}

GitOwned<git_object> GitRepository::State::head_tree() const {
  const auto object = head_object();
  return make_git<git_object>(git.object_free, [&](git_object** into) {
    return object ? git.object_peel(into, object.get(), GIT_OBJECT_TREE) : GIT_ENOTFOUND;
  });
}

bool GitRepository::State::hash_bytes(const std::optional<std::string>& bytes,
                                      git_oid& into) const {
  return bytes && git.odb_hash(&into, bytes->data(), bytes->size(), GIT_OBJECT_BLOB) == 0;
}

bool GitRepository::State::hash_file(const GitIndexEntry& entry, const std::string& path,
                                     git_oid& into) const {
  // A file that stands for a link is never converted.
  const char* rules_path = S_ISLNK(entry.mode) ? "" : entry.path.data();
  if (*rules_path != '\0' && needs_git_to_convert(rules_path)) return false;
  return git.repository_hashfile(&into, repository.get(), path.c_str(), GIT_OBJECT_BLOB,
                                 rules_path) == 0;
}

std::optional<GitRepository> GitRepository::open(const std::string& directory,
                                                 CommitSearch search) {
  if (directory.empty() || directory.find('\0') != std::string::npos) return std::nullopt;
  const GitLibrary* git = git_library();
  if (git == nullptr) return std::nullopt;
  const unsigned flags = search == CommitSearch::exact ? GIT_REPOSITORY_OPEN_NO_SEARCH : 0;
  auto repository = make_git<git_repository>(git->repository_free, [&](git_repository** into) {
    return git->repository_open_ext(into, directory.c_str(), flags, nullptr);
  });
  if (!repository) return std::nullopt;
  return GitRepository(std::make_unique<State>(*git, std::move(repository)));
}

GitRepository::GitRepository(std::unique_ptr<State> state) : state_(std::move(state)) {}
GitRepository::GitRepository(GitRepository&&) noexcept = default;
GitRepository& GitRepository::operator=(GitRepository&&) noexcept = default;
GitRepository::~GitRepository() = default;

std::optional<std::string> GitRepository::head() const {
  const auto object = state_->head_object();
  if (!object) return std::nullopt;
  std::string digits(k_short_digits, '0');
  state_->git.oid_nfmt(digits.data(), digits.size(), state_->git.object_id(object.get()));
  return digits;
}

std::optional<std::string> GitRepository::root_commit() const {
  return ktstr::root_commit(state_->git, state_->repository.get());
}

std::string GitRepository::work_directory() const {
  const char* directory = state_->git.repository_workdir(state_->repository.get());
  return directory == nullptr ? std::string() : directory;
}

GitStatRules GitRepository::stat_rules() const {
  GitStatRules rules;
  rules.trust_mode = state_->flag("core.filemode", true);
  rules.trust_ctime = state_->flag("core.trustctime", true);
  rules.has_symlinks = state_->flag("core.symlinks", true);
  rules.check_all = state_->text("core.checkstat") != "minimal";
  rules.index_written = state_->index_written;
  return rules;
}

bool GitRepository::read_index() {
  const GitLibrary& git = state_->git;
  // libgit2 takes a missing file for an empty index, in which every file would be deleted.
  const std::string path = std::string(git.repository_path(state_->repository.get())) + "index";
  const auto before = system_file_system().status(path, FollowLinks::yes);
  if (!before) return false;
  state_->index_written = git_time(before->stamp.mtime_ns);
  state_->index = make_git<git_index>(git.index_free, [&](git_index** into) {
    return git.repository_index(into, state_->repository.get());
  });
  if (!state_->index) return false;
  const auto bytes = read_whole(path, k_most_index_bytes);
  state_->index_tree = bytes ? cached_tree(*bytes) : std::nullopt;
  // Git replaces the file: what was read twice has to be the same one.
  const auto after = system_file_system().status(path, FollowLinks::yes);
  if (!after || after->stamp != before->stamp) state_->index_tree.reset();
  return true;
}

std::vector<GitIndexEntry> GitRepository::tracked_files() const {
  std::vector<GitIndexEntry> entries;
  const std::size_t count = state_->git.index_entrycount(state_->index.get());
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const git_index_entry* entry = state_->git.index_get_byindex(state_->index.get(), i);
    if (entry != nullptr && is_compared(*entry)) entries.push_back(to_entry(*entry));
  }
  return entries;
}

bool GitRepository::has_head_tree() const { return state_->head_tree() != nullptr; }

bool GitRepository::is_index_changed() const {
  const GitLibrary& git = state_->git;
  const auto tree = state_->head_tree();
  if (tree && state_->index_tree && is_same(*git.object_id(tree.get()), *state_->index_tree)) {
    return false;
  }
  git_diff_options options;
  if (!tree || git.diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION) != 0) return false;
  bool is_changed = false;
  options.flags = GIT_DIFF_IGNORE_SUBMODULES | GIT_DIFF_INCLUDE_TYPECHANGE;
  options.ignore_submodules = GIT_SUBMODULE_IGNORE_ALL;
  options.notify_cb = note_difference;
  options.payload = &is_changed;
  const auto diff = make_git<git_diff>(git.diff_free, [&](git_diff** into) {
    // A git_tree is a git_object; the C interface has no other way to say so.
    return git.diff_tree_to_index(into, state_->repository.get(),
                                  reinterpret_cast<git_tree*>(tree.get()), state_->index.get(),
                                  &options);
  });
  return is_changed;
}

bool GitRepository::has_recorded_bytes(const GitIndexEntry& entry) const {
  const std::string path = work_directory() + std::string(entry.path);
  auto bytes = link_target(entry, path);
  if (!bytes) bytes = read_whole(path, k_most_whole_file_bytes);
  git_oid id;
  return state_->hash_bytes(bytes, id) && is_same(id, entry.blob);
}

bool GitRepository::is_content_changed(const GitIndexEntry& entry) const {
  const std::string path = work_directory() + std::string(entry.path);
  const auto target = link_target(entry, path);
  git_oid id;
  const bool is_hashed =
      target ? state_->hash_bytes(target, id) : state_->hash_file(entry, path, id);
  return is_hashed && !is_same(id, entry.blob);
}

}  // namespace ktstr
