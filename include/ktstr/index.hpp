// SPDX-License-Identifier: MIT
#pragma once

// The index as a library: open the catalog of a runs root, bring it up to date, ask it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ktstr/result.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

struct IndexOptions {
  /// The runs root. None: KTSTR_RUNS_ROOT, CARGO_TARGET_DIR + "/ktstr", or the nearest target/ktstr
  /// upward of the working directory.
  std::optional<std::string> root;
  /// The catalog's file. None: KTSTR_INDEX_CATALOG, or .ktstr-index/catalog.sqlite3 in the root.
  std::optional<std::string> catalog;
};

/// What a refresh did, and how many files of each status there are now.
struct IndexRefresh {
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::int64_t removed = 0;
  std::int64_t moved = 0;
  std::int64_t ok = 0;
  std::int64_t drift = 0;
  std::int64_t corrupt = 0;
  std::int64_t unreadable = 0;
};

/// One row of an answer: NULL, integer, real or text, a value per column.
using IndexValue = std::variant<std::monostate, std::int64_t, double, std::string>;
using IndexRow = std::vector<IndexValue>;

/// An open index. Not thread-safe; any number of processes and objects may share one root.
class Index {
 public:
  /// Errors: not_found (no root), permission, io, newer_version. A damaged catalog is put aside and
  /// made anew. The catalog is empty until the first refresh.
  [[nodiscard]] static Result<Index> open(const IndexOptions& options = {});
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  /// Looks at the stamp of every file, and reads those that are new or different.
  [[nodiscard]] Result<IndexRefresh> refresh();

  /// Looks for files that were created, renamed or removed, then gives the rows of one statement
  /// that reads the views (results, pool, run_dirs, metrics, …) to `each`, which says whether it
  /// wants more. Errors: usage for a bad or refused statement, its message and hint name the place.
  [[nodiscard]] Result<void> select(const std::string& statement,
                                    const std::function<bool(const IndexRow&)>& each);

  /// The paths of the results that an SQL expression over the columns of `results` picks, relative
  /// to the root, in byte order of run directory, job and file.
  [[nodiscard]] Result<std::vector<std::string>> paths(const std::string& expression);

 private:
  struct Impl;
  explicit Index(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktstr
#pragma GCC visibility pop
