// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "catalog/tables.hpp"

namespace ktstr {

/// What a fresh catalog says is there, for comparing it with the archive.
struct CatalogState {
  using Place =
      std::tuple<std::string, std::string, std::string>;  ///< run directory, job, file name
  struct Sidecar {
    DirectoryRow directory;  ///< run_dir, job and session only
    std::string id;          ///< '' where nothing could be read
    bool is_symlink = false;
  };

  std::map<Place, Sidecar> sidecars;
  std::map<Place, std::pair<DirectoryRow, ArtifactRow>> dumps;  ///< and traces
  std::set<std::string> synthetic_run_dirs;  ///< those that hold records of the sample generator
};

/// Throws SQLite::Exception.
[[nodiscard]] CatalogState read_catalog_state(SQLite::Database& catalog);

}  // namespace ktstr
