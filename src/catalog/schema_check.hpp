// SPDX-License-Identifier: MIT
#pragma once

// Whether a database is made of our words. What stands in a schema is run: triggers, views, checks,
// generated columns, expressions of indexes, virtual tables. So of a file that a stranger may have
// made no row is read before every word of its schema is known to be ours.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/connection.hpp"
#include "catalog/views.hpp"

namespace ktstr {

/// Least harmful first. An object is what its words, which SQLite writes in one way, say that it
/// is; in another way they are a stranger's, and taken for the worst.
enum class SchemaKind { statistics, view, index, trigger, table };

struct SchemaObject {
  SchemaKind kind = SchemaKind::table;
  std::string name;
  std::string sql;
};

/// A changed object is both strange and missing.
struct SchemaDifferences {
  std::vector<SchemaObject> strange;  ///< in the database, and not ours word by word
  std::vector<SchemaObject> missing;  ///< ours, and not in the database word by word

  [[nodiscard]] bool none() const { return strange.empty() && missing.empty(); }
  /// Nothing worse than this differs.
  [[nodiscard]] bool only_up_to(SchemaKind kind) const;
  /// The worst of them, for people: "the view results is missing".
  [[nodiscard]] std::string text() const;
};

/// Holds a database, or the attached one `schema`, against what this program makes. Throws
/// SQLite::Exception.
[[nodiscard]] SchemaDifferences schema_differences(SQLite::Database& database, Store store,
                                                   const char* schema = "main");
/// Against an earlier layout's tables and indexes; its views aren't known any more, so each view is
/// strange.
[[nodiscard]] SchemaDifferences schema_differences(SQLite::Database& database, Store store,
                                                   std::int32_t layout);

/// The names of the tables in it that are word by word those of some layout.
[[nodiscard]] std::set<std::string> known_tables(SQLite::Database& database, Store store);

/// Whether SQLite can read all of it and finds nothing wrong, and its tables are ours. Looks at
/// every page.
[[nodiscard]] bool is_sound_store(const std::string& path, Store store);

/// Drops views, triggers, indexes and statistics that aren't ours and makes ours that are missing,
/// in one transaction; does nothing if another process was faster. Whoever calls it knows that the
/// tables are ours. Throws SQLite::Exception.
void remake_derived(SQLite::Database& database, Store store);

}  // namespace ktstr
