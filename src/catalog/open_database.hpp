// SPDX-License-Identifier: MIT
#pragma once

// The one place where databases are opened, so that all of them are under the same rules.

#include <cstdint>
#include <memory>
#include <string>

#include "base/file_system.hpp"
#include "catalog/connection.hpp"

namespace ktstr {

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
