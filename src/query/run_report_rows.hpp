// SPDX-License-Identifier: MIT
#pragma once

#include "ktstr/index.hpp"
#include "query/pool_values.hpp"

namespace ktstr {

/// What run_report says of the run's records, from the catalog's rows alone: the results that keep
/// the contract, in the order of job and file name. Counters above 2^63-1 are as near as a double.
[[nodiscard]] Result<RunReport> load_run_report(SQLite::Database& database, const NamedRun& run);

}  // namespace ktstr
