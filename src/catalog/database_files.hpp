// SPDX-License-Identifier: MIT
#pragma once

// A database's files before SQLite sees them, which opens whatever has their names.

#include <string>

#include "base/file_system.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// `{root}/.ktstr-index`, made if it is missing, but never the root. An error (io) if it is
/// anything but a directory, a link to one included: the tree may be a stranger's.
[[nodiscard]] Result<void> make_index_directory(const std::string& root);

/// An error (io) if the database or one of the logs beside it is there and isn't a regular file. A
/// database that the user has named may be a link; its logs, which only SQLite makes, never are.
[[nodiscard]] Result<void> check_database_files(const std::string& path, FollowLinks follow);

/// Whether a log with something in it stands beside the database.
[[nodiscard]] bool has_log(const std::string& path);

/// The first of the database's files that has another name on its disk (a hard link, as `cp -al`
/// makes them); "" if there is none. Whoever opens the other name has other logs, so both would
/// write over each other; and what only has the name of a log may be anybody's file.
[[nodiscard]] std::string shared_database_file(const std::string& path);

/// An error (io) if a log beside the archive has another name. The archive itself may have: that is
/// how some keep copies.
[[nodiscard]] Result<void> check_archive_files(const std::string& path);

}  // namespace ktstr
