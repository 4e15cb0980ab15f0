// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "catalog/connection.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// "ktix": stands in the file's header, so that any tool can tell whose database it is.
inline constexpr std::int32_t k_catalog_application_id = 0x6B746978;
/// What the decoder and the extraction take out of a file. A catalog made with another version
/// has every file read again.
inline constexpr std::int64_t k_extraction_version = 1;

/// The layout that this program makes: the number of its migrations.
[[nodiscard]] std::int32_t catalog_layout_version();

enum class CatalogState {
  current,  ///< ours and as this program makes it
  empty,    ///< nothing in it yet
  older,    ///< ours, of an earlier layout
  newer,    ///< ours, of a later program
  foreign,  ///< somebody else's database
};
struct CatalogHeader {
  CatalogState state = CatalogState::empty;
  std::int32_t layout_version = 0;
};

/// The first statement after opening: proves that the file is a database, and whose.
/// Throws SQLite::Exception (NOTADB for a file that isn't one); the connection is of no use then.
[[nodiscard]] CatalogHeader read_header(SQLite::Database& database);

/// Brings an empty or older catalog to the current layout, in one transaction, views included.
/// Does nothing if another process was faster. Throws SQLite::Exception.
void migrate_catalog(SQLite::Database& database);

}  // namespace ktstr
