// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"
#include "query/run_names.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// A host as a result of the pool recorded it.
struct FoundHost {
  HostContext host;       ///< with the result's own heap_state
  std::string test_name;  ///< whose record it stands in
};

/// The host of the first result that has one, by run directory, job and file name. No run: of the
/// whole pool; a run without a job: with all its jobs. None if no result has a host.
[[nodiscard]] Result<std::optional<FoundHost>> first_host(SQLite::Database& database,
                                                          const std::optional<NamedRun>& run);

/// What there is to choose from in a run.
struct HostCounts {
  std::int64_t results = 0;  ///< that the harness would load
  std::int64_t hosts = 0;    ///< different machines by host_key
};
[[nodiscard]] Result<HostCounts> count_hosts(SQLite::Database& database, const NamedRun& run);

}  // namespace ktstr
