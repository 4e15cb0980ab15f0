// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "catalog/connection.hpp"
#include "ktstr/result.hpp"
#include "query/archive_versions.hpp"

namespace ktstr {

/// Whose results are meant. A name or an expression may hold for those of others, too.
struct PackRoot {
  std::string path = {};                    ///< canonical; '': none in particular
  std::optional<std::string> project = {};  ///< none: of all projects
};

struct PackChoice {
  std::vector<FileVersion> sidecars;
  std::vector<FileVersion> dumps;  ///< and traces
};

/// What the words mean, each observation once, in the order of its rows. Of a session all that it
/// wrote, also what a retry has replaced. Nothing but what is of the root's project: error usage or
/// not_found where a word means only what is of others.
[[nodiscard]] Result<PackChoice> choose_for_pack(SQLite::Database& archive,
                                                 const std::vector<std::string>& what,
                                                 const PackRoot& root, const Clock& clock);

}  // namespace ktstr
