// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace ktstr {

class FileSystem;

/// A run directory, or one job directory of it.
struct NamedRun {
  std::string run_dir;
  std::optional<std::string> job = {};  ///< none: the run directory with all its jobs
};

/// As the first parameter of a statement, and its job, if any, as the second. Throws
/// SQLite::Exception.
void bind_run(SQLite::Statement& statement, const NamedRun& run);

/// What to say of a root that can't be opened. `option` names it on the command line.
[[nodiscard]] Error no_runs_root(Error error, const std::string& root, std::string_view option);

/// Finds the run that a person names: RUN-DIR or RUN-DIR/JOB, a slash at the end allowed. Error
/// usage: a name that isn't one (empty, absolute, with "." or ".." in it, too deep), or that no
/// directory has; the hint says which is near.
[[nodiscard]] Result<NamedRun> find_run(SQLite::Database& database, std::string_view name);

/// The same without a catalog, and gives the directory's path. Errors besides: a root that isn't
/// there (not_found), and a directory that can't be listed.
[[nodiscard]] Result<std::string> find_run_directory(FileSystem& files, const std::string& root,
                                                     std::string_view name);

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

/// One value that results of a pool have in a dimension.
struct PoolValue {
  Value value;  ///< NULL, text or, of cpu_budget, an integer
  std::int64_t results = 0;
};

struct PoolDimension {
  std::string name;  ///< as the harness's listing has it, which isn't always the record's key
  std::vector<PoolValue> values = {};  ///< distinct, NULL first, then ascending (text by bytes)
};

struct PoolValues {
  std::int64_t results = 0;
  std::vector<PoolDimension> dimensions = {};
};

/// The harness's nine dimensions without a value.
[[nodiscard]] PoolValues no_pool_values();

/// The values of the pool. A budget of 0, of a test that never booted, is none. Of an archived
/// pool every result's source is "archive", whatever its file says.
[[nodiscard]] Result<PoolValues> pool_values(SQLite::Database& database, bool is_archive);

}  // namespace ktstr
