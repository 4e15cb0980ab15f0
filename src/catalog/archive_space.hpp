// SPDX-License-Identifier: MIT
#pragma once

// Space that deleted rows have left in an archive, given back to the file system.

#include <cstdint>
#include <string>

#include "catalog/archive.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

struct SpaceReport {
  std::int64_t freed_bytes = 0;  ///< by which the file got smaller
  /// False: somebody was reading, so the log (-wal) still holds pages, older ones among them.
  bool is_log_empty = false;
};

/// Gives free pages back a few at a time, so that others can write in between, and empties the log
/// into the file: only that makes it smaller. Errors: busy, io.
[[nodiscard]] Result<SpaceReport> return_space(Archive& archive);

/// Writes the whole file anew, so that nothing of what was deleted is left in unused parts of its
/// pages, and empties the log. Takes as much space again for a while, and the write lock. Errors:
/// busy, io.
[[nodiscard]] Result<SpaceReport> rewrite(Archive& archive);

/// The processes that have the archive open besides this one, "pid 12 (command)" with commas
/// between, as far as the kernel tells; "" if none can be seen.
[[nodiscard]] std::string other_users_text(const std::string& path);

}  // namespace ktstr
