// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "database/connection.hpp"
#include "database/views.hpp"
#include "ktstr/result.hpp"

// Whether a database is made of our words. What stands in a schema is run: triggers, views, checks,
// generated columns, expressions of indexes, virtual tables. So of a file that a stranger may have
// made no row is read before every word of its schema is known to be ours.

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

/// "ktix": stands in the file's header, so that any tool can tell whose database it is.
inline constexpr std::int32_t k_catalog_application_id = 0x6B746978;
/// "ktia": the archive's.
inline constexpr std::int32_t k_archive_application_id = 0x6B746961;
/// What the decoder and the extraction take out of a file. A catalog made with another version
/// has every file read again.
inline constexpr std::int64_t k_extraction_version = 1;

/// What stands in the header of such a store.
[[nodiscard]] std::int32_t application_id(Store store);

/// The layout that this program makes: the number of its migrations.
[[nodiscard]] std::int32_t layout_version(Store store);
/// "the archive has layout 3, this program knows 2"
[[nodiscard]] std::string layouts_text(Store store, std::int32_t found);

enum class StoreState {
  current,  ///< ours and as this program makes it
  empty,    ///< nothing in it yet
  older,    ///< ours, of an earlier layout
  newer,    ///< ours, of a later program
  foreign,  ///< somebody else's database
};
struct StoreHeader {
  StoreState state = StoreState::empty;
  std::int32_t layout_version = 0;
  /// The file's head has a layout that can't be, and this one is what the store's settings say.
  bool is_damaged = false;
};

/// The first statement after opening: proves that the file is a database, and whose.
/// Throws SQLite::Exception (NOTADB for a file that isn't one); the connection is of no use then.
[[nodiscard]] StoreHeader read_header(SQLite::Database& database, Store store);

/// Puts the layout of a damaged head right. Throws SQLite::Exception.
void mend_header(SQLite::Database& database, const StoreHeader& header);

/// Brings an empty or older store to the current layout, in one transaction, views included.
/// Does nothing if another process was faster. Throws SQLite::Exception.
void migrate(SQLite::Database& database, Store store);

/// The tables and indexes of a layout, without views, in an empty database. Throws
/// SQLite::Exception.
void make_tables(SQLite::Database& database, Store store, std::int32_t layout);

/// Stored beside the views, so that it can be told whether another program made them.
inline constexpr const char* k_views_digest = "views_digest";
/// Of the text of the views that this program makes.
[[nodiscard]] std::string views_digest(Store store);

/// The settings that every store of the current layout has. Wants a transaction around it.
void put_versions(SQLite::Database& database, Store store);

}  // namespace ktstr
