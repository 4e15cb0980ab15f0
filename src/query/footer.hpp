// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/footer.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// What summarize_run_artifacts says, from the rows of a catalog of `runs_root` that a refresh at
/// level `files` has just brought up to date; no sidecar is read again. `files` is asked about the
/// few files that the rows don't say enough about: sidecars that could not be read, and empty
/// dumps and traces, which may be no regular files. A run directory that can't be listed any more
/// is summed up as it was last seen. FooterOptions::max_file_bytes was the refresh's to know.
[[nodiscard]] Result<std::vector<RunDirectorySummary>> summarize_catalog(
    SQLite::Database& database, const std::string& runs_root, FileSystem& files,
    const FooterOptions& options = {});

}  // namespace ktstr
