// SPDX-License-Identifier: MIT
#pragma once

// Where things are: the runs root and the catalog, each with the reason why it is there.

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "environment/variables.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

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

}  // namespace ktstr
