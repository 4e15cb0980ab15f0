// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// The directories that the catalog knows, run directories and their jobs, relative to the root, in
/// byte order. Dot directories (locks, the catalog's own) only if results are in them.
[[nodiscard]] Result<std::vector<std::string>> known_directories(SQLite::Database& database);

/// One result. The same bytes in several places are one.
struct NamedResult {
  std::string id;                         ///< "" for a file that couldn't be read
  std::vector<std::int64_t> sidecar_ids;  ///< every place of it, by path
};

/// One file of a result.
struct ResultPlace {
  std::string path;    ///< relative to the runs root
  std::string status;  ///< ok, drift, corrupt or unreadable
  std::string error;   ///< "" if there is none
};
/// Every place of a result, in the order of its ids. Not to be called under a guard.
[[nodiscard]] Result<std::vector<ResultPlace>> result_places(SQLite::Database& database,
                                                             const NamedResult& result);

/// Finds the result that a person names: by 4 or more hex digits that its id begins with, by
/// [RUN-DIR/][JOB/]TEST[-HASH], by a test name as nextest prints it, or by the path or name of its
/// file (the only name of one that is corrupt). Error usage: nothing has the name (the hint says
/// what is near), or several results have it (the hint lists them). Not to be called under a guard.
[[nodiscard]] Result<NamedResult> resolve_result(SQLite::Database& database, std::string_view name);

/// Whether any result has the name, several included: tells the two errors of resolve_result()
/// apart. Error usage: the name is empty.
[[nodiscard]] Result<bool> names_a_result(SQLite::Database& database, std::string_view name);

}  // namespace ktstr
