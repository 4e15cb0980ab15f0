// SPDX-License-Identifier: MIT
#pragma once

// The archive's file before SQLite sees it.

#include <cstdint>
#include <string>
#include <utility>

#include "base/descriptor.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// Makes the directory (mode 0700, its missing parents too) and the empty file (mode 0600) unless
/// they are there. True: the file is new. Errors: usage on a network's file system, where SQLite's
/// locks don't hold; permission; io.
[[nodiscard]] Result<bool> make_archive_file(const std::string& path);

/// Held while an archive is made, migrated or replaced, so that only one process does. Waits up to
/// `timeout_ms`; error `busy`.
class ArchiveFileLock {
 public:
  [[nodiscard]] static Result<ArchiveFileLock> acquire(const std::string& path,
                                                       std::int64_t timeout_ms);

 private:
  explicit ArchiveFileLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace ktstr
