// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "library/session.hpp"
#include "store/temporary_directory.hpp"

namespace ktstr {

/// What import takes, in an archive that goes when this dies.
struct GatheredArchive {
  TemporaryDirectory directory;
  std::unique_ptr<SQLite::Database> database;  ///< read-only
};
/// `notes` gets what was left out. Errors: what could not be read at all; interrupted.
[[nodiscard]] Result<GatheredArchive> gather_archive(const std::vector<std::string>& paths,
                                                     const SessionOptions& options,
                                                     const std::function<bool()>& should_stop,
                                                     std::vector<std::string>& notes);

/// What import takes, open to be asked and kept nowhere: an index whose views are about the
/// results of `paths`, all versions of them. A temporary archive, gone from the disk already, holds
/// what was read. Ids are what they are there. Notes and errors as above.
[[nodiscard]] Result<Session> open_to_look_at(const std::vector<std::string>& paths,
                                              SessionOptions options,
                                              const std::function<bool()>& should_stop,
                                              std::vector<std::string>& notes);

}  // namespace ktstr
