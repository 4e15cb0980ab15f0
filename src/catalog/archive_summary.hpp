// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "catalog/connection.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// What an archive holds, of all projects.
struct ArchiveSummary {
  std::int64_t file_bytes = 0;      ///< of the archive's own file
  std::int64_t document_bytes = 0;  ///< packed, of sidecars and dumps
  std::int64_t results = 0;         ///< observations, drift and corrupt ones included
  std::int64_t dumps = 0;           ///< and traces
  std::int64_t dropped = 0;         ///< documents whose bytes went by gc or the cap
  std::int64_t projects = 0;
};

[[nodiscard]] Result<ArchiveSummary> summarize_archive(SQLite::Database& archive);

}  // namespace ktstr
