// SPDX-License-Identifier: MIT
#pragma once

// Whether a catalog's rows are our own. A catalog stands below the runs root and so may have come
// with it, in a clone or out of a tar, with whatever rows somebody wanted to be believed.

#include <string>

#include "catalog/connection.hpp"

namespace ktstr {

/// What tells this file from every other: its inode and the moment at which the kernel made it,
/// which nobody can set; where the file system doesn't know that, device and inode. "" if it can't
/// be asked.
[[nodiscard]] std::string file_identity(const std::string& path);

/// Which file the rows were written to.
inline constexpr const char* k_own_file = "own_file";

/// Empties a catalog whose rows were written to another file, or nobody knows to which, and makes
/// it this file's, in one transaction; does nothing if it is. Its schema has to be ours. True: rows
/// went. Throws SQLite::Exception.
[[nodiscard]] bool disown_rows(SQLite::Database& database, const std::string& identity);

}  // namespace ktstr
