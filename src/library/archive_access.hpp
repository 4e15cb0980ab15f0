// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "ktstr/result.hpp"
#include "library/open_index.hpp"
#include "operations/gc.hpp"
#include "privacy/redaction.hpp"

// The archive for commands that are about it: which one, opened to be read or changed, never made.

namespace ktstr {

inline constexpr const char* k_archive_cap_variable = "KTSTR_INDEX_ARCHIVE_MAX_SIZE";

/// The archive's path. Error not_found: it is off, and why.
[[nodiscard]] Result<std::string> chosen_archive(const OpenIndexOptions& options);

/// Error not_found: it is off, or isn't there; those of open_archive_to_read.
[[nodiscard]] Result<std::unique_ptr<SQLite::Database>> open_chosen_archive(
    const OpenIndexOptions& options);
/// The same for those who change it. Errors as Archive::open.
[[nodiscard]] Result<Archive> open_chosen_archive_to_change(const OpenIndexOptions& options);

/// What makes the substitutes in packs: the archive's own, which is made when it is first asked for
/// and never leaves it, so that all packs of one archive have the same; without an archive that can
/// be written, one for this time.
[[nodiscard]] SubstituteKey substitute_key(const OpenIndexOptions& options);

/// The canonical runs root, which needn't be there any more; '' if none is named or found.
[[nodiscard]] std::string root_or_none(const OpenIndexOptions& options);
/// The project under which the archive files the root's results. Errors: no root; those of
/// project_key().
[[nodiscard]] Result<std::string> project_of_root(SQLite::Database& archive,
                                                  const OpenIndexOptions& options);

/// The same for a command that can be about all projects instead: then none. The error's hint says
/// so.
[[nodiscard]] Result<std::optional<std::string>> project_unless_all(SQLite::Database& archive,
                                                                    const OpenIndexOptions& options,
                                                                    bool all_projects);

/// What documents may take, packed: KTSTR_INDEX_ARCHIVE_MAX_SIZE ("500M", "2G"), else 2 GiB. Error
/// usage: the variable can't be read.
[[nodiscard]] Result<std::int64_t> archive_cap_bytes(const Variables& variables);
/// What the user is told when something was dropped; '' if nothing was.
[[nodiscard]] std::string cap_sentence(const CapReport& report, std::int64_t cap_bytes);

/// Files beside an archive that were made of it, by a migration or because it was damaged, in byte
/// order. Its log, its shared memory and its lock are none.
[[nodiscard]] std::vector<std::string> copies_beside(const std::string& archive_path);

/// Writes what the connection's database holds at this moment as one plain SQLite file, without a
/// log beside it, for its owner only (mode 0600). First under a temporary name, so that a full disk
/// or a kill leaves nothing at `path`. Gives its size. Errors: it is there and not to be replaced
/// (io), or is the database itself, or a log of another one lies beside it (usage); permission; io.
[[nodiscard]] Result<std::int64_t> write_snapshot(SQLite::Database& database,
                                                  const std::string& path, bool replace);

}  // namespace ktstr
