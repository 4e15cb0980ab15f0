// SPDX-License-Identifier: MIT
#pragma once

// Files out of an archive, as they were.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "catalog/connection.hpp"
#include "ktstr/result.hpp"
#include "query/archive_restorables.hpp"

namespace ktstr {

struct RestoreOptions {
  RestoreRequest request;
  std::string to;      ///< a directory, made if it isn't there
  bool force = false;  ///< over what is there
  std::function<bool()> should_stop;
};

struct RestoredFile {
  std::string path;  ///< below `to`
  std::string kind;  ///< sidecar, failure-dump, …, session (the file that names it)
  std::string id;    ///< "" if its bytes were never kept
  std::int64_t size_bytes = 0;
  std::string status;  ///< restored, present (there already, with the same bytes), missing
  std::string reason;  ///< of one that is missing
};

/// Writes {run directory}/[{job}/]{file name} below `to`, with the files' own times and whatever
/// bytes were seen, each checked by its id. A run directory that isn't there yet gets the session's
/// token, too, if all its files are of one session. Errors: those of find_restorables; io: a file
/// is there with other bytes and `force` isn't said, and then nothing is written at all.
[[nodiscard]] Result<std::vector<RestoredFile>> restore(SQLite::Database& archive,
                                                        const RestoreOptions& options);

}  // namespace ktstr
