// SPDX-License-Identifier: MIT
#pragma once

// The archive beside the catalog, on the catalog's connection: as schema `past`, and, on request,
// under the names of the views that stand for now otherwise.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// Which results an answer is about: those that the catalog has, those that the archive has, or
/// both without doubles.
enum class Over { now, past, all };

/// Attaches an archive to be read, as schema `past`; nothing is made where there is none
/// (not_found). One whose directory lets nobody write is read without locks. Error: newer_version
/// with both numbers, corrupt with a hint, busy, permission. The connection must have been opened
/// with OPEN_URI and have no transaction.
[[nodiscard]] Result<void> attach_past(SQLite::Database& database, const std::string& path);

/// An archive in memory that has nothing, so that questions about the past have an empty answer.
[[nodiscard]] Result<void> attach_empty_past(SQLite::Database& database);

[[nodiscard]] bool is_past_attached(SQLite::Database& database);
/// Its file; "" for the empty one and where none is attached.
[[nodiscard]] std::string past_path(SQLite::Database& database);

/// Damage that a reader came across may be the archive's, though the connection is the catalog's:
/// then the error names the archive, and what mends it.
[[nodiscard]] Error blame_past(SQLite::Database& database, Error error);

/// Which of the archive's rows the views are about.
struct PastScope {
  std::optional<std::string> project;  ///< none: those of all projects
  std::int64_t root_id = 0;            ///< of the catalog's root in the archive; 0: it isn't there
};
/// Of the root at `root`; none if the archive doesn't know it. Throws SQLite::Exception.
[[nodiscard]] std::optional<PastScope> scope_of_root(SQLite::Database& database,
                                                     const std::string& root);

/// A temporary view. Such a one goes before one of the same name in the catalog.
struct OverView {
  std::string name;
  std::string sql;  ///< CREATE TEMP VIEW …, without a semicolon
};
/// The views that make the names of the interface mean `over`, and `observations` and `labels`,
/// those two alone for now. In the views that stand for both, sidecar_id is negative for a row of
/// the archive. `results` has the times of observations, too (NULL for what is there now): day,
/// first_seen_ns, last_seen_ns, ended_ns, ending.
[[nodiscard]] std::vector<OverView> over_views(Over over, const PastScope& scope);

/// Makes them; those of an earlier call go.
[[nodiscard]] Result<void> make_over_views(SQLite::Database& database, Over over,
                                           const PastScope& scope);

/// What make_over_views has made.
[[nodiscard]] Over over_of(SQLite::Database& database);

/// "ATTACH …; CREATE TEMP VIEW …;": after these the stock shell takes the statement as this
/// connection does.
[[nodiscard]] std::string past_preamble(SQLite::Database& database, const std::string& statement);

/// Whether a statement is about the past by what it names: the schema past, observations, labels.
[[nodiscard]] bool names_past(std::string_view statement);

}  // namespace ktstr
