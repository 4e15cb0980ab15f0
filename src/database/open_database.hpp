// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/file_system.hpp"
#include "database/connection.hpp"
#include "database/views.hpp"
#include "ktstr/result.hpp"

// A database's files before SQLite sees them, which opens whatever has their names.

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

// What a file is, before SQLite sees it: SQLite would bring its logs and journals into it, and make
// new ones beside it.

struct DatabaseHead {
  bool is_empty = false;     ///< no byte at all, which is a database that has nothing yet
  bool is_database = false;  ///< it begins with the words that every SQLite database has
  bool has_log = false;      ///< what is written goes to a log beside it first
  bool has_schema = false;   ///< there was a table in it once
  std::int32_t application_id = 0;

  /// One of ours of that kind, which says so itself.
  [[nodiscard]] bool is(Store store) const;
  /// It may become one: ours, or nothing yet.
  [[nodiscard]] bool may_be(Store store) const;
};

/// Errors: not_found, permission, io.
[[nodiscard]] Result<DatabaseHead> read_database_head(const std::string& path);

/// Whether a rollback journal stands beside it that names a further file. SQLite would read that
/// file when it rolls back, and then remove it. No transaction of ours spans two files.
[[nodiscard]] bool has_strange_journal(const std::string& path);

// The one place where databases are opened, so that all of them are under the same rules.

/// The path of a database that is in memory only.
inline constexpr const char* k_in_memory = ":memory:";

enum class DatabaseUse {
  read,
  write,
  make,  ///< write, and begin it where there is none
};

/// `path`, or a URI of database_uri(). The connection belongs to one thread. On every connection
/// triggers don't fire, what a schema holds may only call harmless functions (until it is known to
/// be ours), the schema can't be written but by its own statements, text in double quotes is a
/// name. FollowLinks::no: no component of the path may be one. Throws SQLite::Exception.
[[nodiscard]] std::unique_ptr<SQLite::Database> open_database(
    const std::string& path, DatabaseUse use, std::int64_t busy_timeout_ms = 0,
    FollowLinks follow = FollowLinks::yes);

/// Every word of its schema, and of what is attached, is ours: the archive's views make JSON
/// objects of labels, which SQLite doesn't count among the harmless functions.
void trust_schema(SQLite::Database& database);

/// For one that a stranger may have made, before its first statement: views aren't run either, and
/// no value or text of its schema may be longer than ours ever are.
void expect_a_strangers(SQLite::Database& database);

/// A statement that takes more steps of SQLite's machine is broken off; 0: no limit. Of a
/// stranger's schema too, while it is read.
void limit_steps(SQLite::Database& database, int steps);

/// From here on nothing but reading, and asking for the columns of tables.
void allow_reading_only(SQLite::Database& database);

/// Values as long as documents may be from here on, or back to those that names need.
void allow_documents(SQLite::Database& database, bool allow);

/// The schema may be read past what of it is damaged. For what nobody else would read any more.
void read_damaged_schema(SQLite::Database& database);

}  // namespace ktstr
