// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "catalog/connection.hpp"
#include "ktstr/result.hpp"
#include "query/archive_versions.hpp"

namespace ktstr {

struct PackChoice {
  std::vector<FileVersion> sidecars;
  std::vector<FileVersion> dumps;  ///< and traces
};

/// What the words mean, each observation once, in the order of its rows. Of a session all that it
/// wrote, also what a retry has replaced.
[[nodiscard]] Result<PackChoice> choose_for_pack(SQLite::Database& archive,
                                                 const std::vector<std::string>& what,
                                                 const std::string& root, const Clock& clock);

}  // namespace ktstr
