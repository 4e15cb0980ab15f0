// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/protocol.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// `name` below `directory` as Rust's Path::join has it: an absolute name replaces the directory,
/// an empty one leaves a slash at the end. Pure; thread-safe.
[[nodiscard]] inline std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || (!name.empty() && name.front() == '/')) return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  path += name;
  return path;
}

/// Where the last component of a path lies: "/" of "/a", "." of "a". Pure; thread-safe.
[[nodiscard]] inline std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

/// The last component, "" of "a/". Pure; thread-safe.
[[nodiscard]] inline std::string name_of(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

/// The value, with an empty one as none: the harness's rule for nearly every variable.
[[nodiscard]] std::optional<std::string> non_empty(const Variables& variables,
                                                   const std::string& name);
/// The same, with a value that is not UTF-8 as none too.
[[nodiscard]] std::optional<std::string> non_empty_utf8(const Variables& variables,
                                                        const std::string& name);

/// A directory for its owner only, below TMPDIR or /tmp, with what is in it until this dies.
class TemporaryDirectory {
 public:
  [[nodiscard]] static Result<TemporaryDirectory> make(const Variables& variables);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Whether a text that somebody else chose may become a part of a path of ours. Pure; thread-safe.

/// A part of a file's name: UTF-8, without slashes and control characters (a line's end, NUL).
[[nodiscard]] bool can_stand_in_file_name(std::string_view text);

/// A part of a run directory's name: as above, without ".." and short enough for two of them.
[[nodiscard]] bool can_stand_in_run_directory_name(std::string_view text);

// Where things are: the runs root and the catalog, each with the reason why it is there.

/// A place and what named it: a flag, a variable, a rule.
struct FoundPath {
  std::string path;
  std::string from;
};

/// The runs root as the harness's own code resolves it: KTSTR_RUNS_ROOT (any bytes), else
/// CARGO_TARGET_DIR (UTF-8) + "/ktstr", else "target/ktstr" below the working directory. Never
/// looks at the disk. For harnesses; the command looks further (find_runs_root).
[[nodiscard]] FoundPath runs_root(const Variables& variables);

/// The runs root for a person at a shell: the flag, the variables as above, else the nearest
/// directory upward of `working_directory` that has target/ktstr. A root that was named needn't
/// exist. Error (not_found): nothing was named or found; the message lists the places tried.
[[nodiscard]] Result<FoundPath> find_runs_root(const std::optional<std::string>& flag,
                                               const Variables& variables,
                                               const std::string& working_directory,
                                               FileSystem& file_system);

/// An absolute path without links and dots, as far as it exists; the rest as it is.
[[nodiscard]] std::string canonical_path(const std::string& path);

/// The indexer's own directory below a runs root.
inline constexpr const char* k_index_directory_name = ".ktstr-index";

/// `{root}/.ktstr-index/catalog.sqlite3`.
[[nodiscard]] std::string default_catalog_path(const std::string& root);

/// The default one, unless the flag or KTSTR_INDEX_CATALOG names another.
[[nodiscard]] FoundPath catalog_path(const std::optional<std::string>& flag,
                                     const Variables& variables, const std::string& root);

/// The archive of everything that was seen, or why there is none.
struct ArchiveChoice {
  std::optional<std::string> path;  ///< absolute; none: it is off
  std::string from;                 ///< what named it, or what turned it off
  bool is_named = false;            ///< by flag or variable
};

/// --archive, else KTSTR_INDEX_ARCHIVE (either may be "off"), else
/// XDG_DATA_HOME (or HOME/.local/share) + /ktstr-index/archive.sqlite3; that one is off where CI or
/// KTSTR_CI is set: what a CI host keeps between jobs is for its owner to say.
[[nodiscard]] ArchiveChoice archive_choice(const std::optional<std::string>& flag,
                                           const Variables& variables);

/// Whether a path is in one of the indexer's own directories, whose files it may rename and
/// replace: the root's `.ktstr-index`, or its own below XDG_CACHE_HOME. Elsewhere they are the
/// user's.
[[nodiscard]] bool is_indexers_place(const Variables& variables, const std::string& root,
                                     const std::string& path);

/// Where a catalog goes whose root can't be written: below XDG_CACHE_HOME (or HOME/.cache), in a
/// directory of the root's own. None without either variable.
[[nodiscard]] std::optional<std::string> cached_catalog_path(const Variables& variables,
                                                             const std::string& root);

/// The names that this machine goes by: the kernel's, with and without its domain, /etc/hostname's,
/// and those that /etc/hosts gives to the same addresses.
[[nodiscard]] std::vector<std::string> own_host_names();

/// The names that a text like /etc/hosts gives, in lines that hold one of `known` or a loopback
/// address other than localhost's own lines.
[[nodiscard]] std::vector<std::string> host_aliases(std::string_view hosts_text,
                                                    const std::vector<std::string>& known);

/// The project under which an archive files the results of a runs root: "git:" and the 40 hex
/// digits of the commit that the history of the project's repository begins with, so that its
/// worktrees, clones and checkouts at any place are one project. Else "path:" and the root: without
/// a repository, without a commit, in a shallow clone, where a commit is missing, with SHA-256
/// names, without libgit2.
///
/// The repository is the nearest one upward of the root, up to the file system's boundary; for a
/// root that isn't there yet, upward of its nearest directory that is. The beginning is where the
/// chain of HEAD's first parents ends: a history can have several (a merged-in project's too), and
/// to find them all would take seconds in a kernel tree. Grafts and replaced objects are ignored.
///
/// `root` is absolute and canonical. Up to 10 µs a commit, a small part of that where git keeps a
/// commit graph. Thread-safe. Error timeout: git gave no answer in the time that a look has
/// (ktstr/run.hpp).
[[nodiscard]] Result<std::string> project_key(const std::string& root);
/// The key of a root in no repository.
[[nodiscard]] inline std::string path_key(const std::string& root) { return "path:" + root; }

}  // namespace ktstr
