// SPDX-License-Identifier: MIT
#pragma once

// One use of an index: the root found, its catalog open and as fresh as was asked for. What the
// command and the public header are both made of.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "catalog/catalog.hpp"
#include "environment/locations.hpp"
#include "environment/variables.hpp"

namespace ktstr {

struct SessionOptions {
  std::optional<std::string> root;     ///< as the user gave it
  std::optional<std::string> catalog;  ///< as the user gave it
  /// A pool that is only looked at: nothing is written below its root. The catalog is below
  /// XDG_CACHE_HOME unless one was named, and KTSTR_INDEX_CATALOG, another root's, doesn't count.
  bool is_foreign = false;
  Variables variables = process_variables();
  FileSystem* file_system = &system_file_system();
  Clock* clock = &system_clock();
  ReadLimits limits;
  /// How long a query waits for another process's write before it answers from what is there.
  std::int64_t query_wait_ms = 2'000;
  std::int64_t refresh_wait_ms = 60'000;
};

/// The two places, without opening anything.
struct SessionPaths {
  FoundPath root;  ///< canonical
  FoundPath catalog;
};
[[nodiscard]] Result<SessionPaths> find_paths(const SessionOptions& options);

/// Errors: a root that isn't there (not_found), isn't a directory or isn't permitted.
[[nodiscard]] Result<void> check_root(const std::string& root, const SessionOptions& options);

class Session {
 public:
  /// Opens the catalog of the root. Errors: no root named or found, and those of check_root and
  /// Catalog::open.
  [[nodiscard]] static Result<Session> open(const SessionOptions& options);

  /// Refreshes because somebody asked for it.
  [[nodiscard]] Result<RefreshReport> refresh(const RefreshOptions& options);

  /// Refreshes before a question. If another process writes for too long, the answer comes from
  /// the committed rows and is_stale() says so.
  [[nodiscard]] Result<void> make_fresh(CheckLevel level);

  [[nodiscard]] bool is_stale() const { return is_stale_; }
  [[nodiscard]] SQLite::Database& database() { return catalog_.database(); }
  [[nodiscard]] const SessionPaths& paths() const { return paths_; }
  /// The root as the user gave it; none: it was found.
  [[nodiscard]] const std::optional<std::string>& named_root() const { return options_.root; }
  [[nodiscard]] const std::string& catalog_path() const { return catalog_.path(); }
  /// What the user should be told since the last call, one sentence each.
  [[nodiscard]] std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

 private:
  Session(SessionOptions options, SessionPaths paths, Catalog catalog);

  [[nodiscard]] Result<RefreshReport> refresh_catalog(const RefreshOptions& options);

  SessionOptions options_;
  SessionPaths paths_;
  Catalog catalog_;
  std::vector<std::string> warnings_;
  std::size_t catalog_warnings_ = 0;  ///< how many of the catalog's are in warnings_ already
  bool is_stale_ = false;
};

}  // namespace ktstr
