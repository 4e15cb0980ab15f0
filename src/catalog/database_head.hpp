// SPDX-License-Identifier: MIT
#pragma once

// What a file is, before SQLite sees it: SQLite would bring its logs and journals into it, and make
// new ones beside it.

#include <cstdint>
#include <string>

#include "catalog/views.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

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

}  // namespace ktstr
