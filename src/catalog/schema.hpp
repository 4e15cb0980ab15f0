// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "catalog/connection.hpp"
#include "catalog/views.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

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
};

/// The first statement after opening: proves that the file is a database, and whose.
/// Throws SQLite::Exception (NOTADB for a file that isn't one); the connection is of no use then.
[[nodiscard]] StoreHeader read_header(SQLite::Database& database, Store store);

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
