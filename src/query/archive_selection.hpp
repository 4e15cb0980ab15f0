// SPDX-License-Identifier: MIT
#pragma once

// Which observations of an archive somebody means, for those who then change the archive.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// The sidecar_ids of the results that the expression holds for, checked as a query's is. Error
/// usage: what is wrong with it, and where. The connection is the archive's own.
[[nodiscard]] Result<std::vector<std::int64_t>> results_where(SQLite::Database& archive,
                                                              const std::string& expression,
                                                              const Clock& clock);

/// Of a session by its token, or by the name that sessions without one have ("~" and a time). Empty
/// if there is no such session. Throws SQLite::Exception.
[[nodiscard]] std::vector<std::int64_t> results_of_session(SQLite::Database& archive,
                                                           const std::string& session);

/// A temporary table `NAME(number INTEGER PRIMARY KEY)` with these, in place of an earlier one.
/// Throws SQLite::Exception.
void make_number_table(SQLite::Database& database, const std::string& name,
                       const std::vector<std::int64_t>& numbers);
/// Of such a table of sidecar_ids those of one project. Throws SQLite::Exception.
void keep_of_project(SQLite::Database& archive, const std::string& table,
                     const std::string& project);

}  // namespace ktstr
