// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/keeper.hpp"
#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/catalog.hpp"
#include "database/document.hpp"
#include "environment/places.hpp"
#include "query/past.hpp"

// One use of an index: the root found, its catalog open and as fresh as was asked for. What the
// command and the public header are both made of.

namespace ktstr {

struct OpenIndexOptions {
  std::optional<std::string> root;     ///< as the user gave it
  std::optional<std::string> catalog;  ///< as the user gave it
  std::optional<std::string> archive;  ///< as the user gave it; "off" for none
  /// A pool that is only looked at: nothing is written below its root. The catalog is below
  /// XDG_CACHE_HOME unless one was named, and KTSTR_INDEX_CATALOG, another root's, doesn't count.
  bool is_foreign = false;
  /// For questions about the past, which outlives its root: one that isn't there has an empty
  /// catalog in memory then. Where none was named or found, it is the one above the working
  /// directory that the archive knows.
  bool may_be_missing = false;
  Variables variables = process_variables();
  FileSystem* file_system = &system_file_system();
  Clock* clock = &system_clock();
  ReadLimits limits;
  /// How long a query waits for another process's write before it answers from what is there.
  std::int64_t query_wait_ms = 2'000;
  std::int64_t refresh_wait_ms = 60'000;
};

/// The two places, without opening anything.
struct IndexPaths {
  FoundPath root;  ///< canonical
  FoundPath catalog;
};
[[nodiscard]] Result<IndexPaths> find_paths(const OpenIndexOptions& options);

/// Errors: a root that isn't there (not_found), isn't a directory or isn't permitted.
[[nodiscard]] Result<void> check_root(const std::string& root, const OpenIndexOptions& options);

/// What a refresh that keeps evidence did.
struct KeptRefresh {
  RefreshReport refresh;
  std::optional<KeepReport> kept;  ///< none: nothing is archived here, and why_not says why
  std::string why_not;
  std::string archive_path;  ///< '' if none
};

struct KeepOptions {
  std::vector<std::pair<std::string, std::string>> labels;  ///< for results that are new to it
  bool with_traces = false;
  /// Of captures by this process, to be taken in first. Those of dead processes are in any case.
  std::vector<std::string> spools;
  /// One that has just ended: put down, and all its results get the labels.
  std::optional<SessionRecord> session;
};

/// Which results the views of an index are about (query/past.hpp).
struct OverChoice {
  Over over = Over::now;
  bool all_projects = false;  ///< of the past, else this root's project only
};

class OpenIndex {
 public:
  /// Opens the catalog of the root. Errors: no root named or found, and those of check_root and
  /// Catalog::open.
  [[nodiscard]] static Result<OpenIndex> open(const OpenIndexOptions& options);

  /// Refreshes because somebody asked for it.
  [[nodiscard]] Result<RefreshReport> refresh(const RefreshOptions& options);

  /// The same, and what is read goes into the archive first, unless that is off or this is a
  /// foreign pool. What goes wrong with the archive is only a warning.
  [[nodiscard]] Result<KeptRefresh> refresh_and_keep(const RefreshOptions& options,
                                                     const KeepOptions& keep);

  /// Refreshes before a question. If another process writes for too long, or there is no room to
  /// write, the answer comes from the committed rows and is_stale() says so; from a catalog in
  /// memory where no refresh ever came to its end.
  [[nodiscard]] Result<void> make_fresh(CheckLevel level);

  /// Attaches the archive as schema `past` and makes the views mean what is chosen. Without an
  /// archive the past is empty; then it gives the sentence that says why, else "". Nothing is made
  /// where there is none. Errors: those of attach_past.
  [[nodiscard]] Result<std::string> look_over(const OverChoice& choice);
  /// Whether there is an archive's file to look at, without a look into it.
  [[nodiscard]] bool has_archive() const;

  /// The bytes that the archive has of a file, whole id; look_over() comes first. Error: not_found,
  /// where it never had them or has dropped them.
  [[nodiscard]] Result<PackedDocument> kept_document(const std::string& id);

  /// False: may_be_missing, and it is.
  [[nodiscard]] bool has_root() const { return has_root_; }
  [[nodiscard]] bool is_stale() const { return is_stale_; }
  /// Stale, or there is something that could not be looked at: that nothing was found means little.
  [[nodiscard]] bool is_partial() const { return is_stale_ || is_partial_ || lacks_more_; }
  /// Said by whoever knows of something else that an answer lacks.
  void note_partial() { lacks_more_ = true; }
  [[nodiscard]] SQLite::Database& database() { return catalog_.database(); }
  [[nodiscard]] const IndexPaths& paths() const { return paths_; }
  /// The root as the user gave it; none: it was found.
  [[nodiscard]] const std::optional<std::string>& named_root() const { return options_.root; }
  [[nodiscard]] const std::string& catalog_path() const { return catalog_.path(); }
  /// What the user should be told since the last call, one sentence each.
  [[nodiscard]] std::vector<Warning> take_warnings() { return std::exchange(warnings_, {}); }

 private:
  OpenIndex(OpenIndexOptions options, IndexPaths paths, Catalog catalog);

  [[nodiscard]] Result<RefreshReport> refresh_catalog(const RefreshOptions& options);
  [[nodiscard]] Result<RefreshReport> refresh_in_memory(const Error& why,
                                                        const RefreshOptions& options);
  [[nodiscard]] Result<void> answer_from_before(const Error& why);
  void note_unseen(const RefreshReport& report);
  void warn_of(ArchiveKeeper& keeper, const KeepReport& report);
  void keep_below_cap(Archive& archive);
  [[nodiscard]] static Result<OpenIndex> open_without_root(const OpenIndexOptions& options,
                                                           IndexPaths paths);
  [[nodiscard]] Result<std::string> attach_archive();
  [[nodiscard]] PastScope past_scope(bool all_projects);

  OpenIndexOptions options_;
  IndexPaths paths_;
  Catalog catalog_;
  std::vector<Warning> warnings_;
  std::size_t catalog_warnings_ = 0;  ///< how many of the catalog's are in warnings_ already
  bool is_stale_ = false;
  bool is_partial_ = false;
  bool lacks_more_ = false;  ///< besides what a refresh sees, and makes good
  bool has_root_ = true;
};

}  // namespace ktstr
