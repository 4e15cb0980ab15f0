// SPDX-License-Identifier: MIT
#pragma once

// Whether the catalog says what the files say, found out the slow way.

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/read_sidecar.hpp"
#include "database/connection.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// Something that the catalog has wrong.
struct Difference {
  std::string path;  ///< relative to the root
  /// missing: a file that has no row. gone: a row that has no file. status, content: they are not
  /// the row's. values: a column, a metric or another detail isn't the file's. artifact, directory:
  /// one that is not known, is gone or isn't as stored.
  std::string kind;
};

struct VerifyReport {
  std::int64_t checked = 0;  ///< files and rows, each file with its row once
  std::vector<Difference> differences;
  /// Those that could not be listed: nothing below them was checked.
  std::vector<Error> unreadable_directories;
};

struct VerifyOptions {
  ReadLimits limits;
  /// If anything differs, put what the files say in place of the whole catalog, in one transaction.
  bool repair = false;
};

/// Reads, hashes and decodes every file below `root` into a temporary catalog and compares that
/// with this one, view by view; only local ids and stamps may differ. What changed since the call
/// began is no difference: the rows may be of before or after. Writes nothing to the catalog unless
/// told to repair it. Errors: the root is missing, no directory or not permitted; the database's.
[[nodiscard]] Result<VerifyReport> verify_catalog(SQLite::Database& catalog,
                                                  const std::string& root, FileSystem& file_system,
                                                  const Clock& clock, const VerifyOptions& options);

}  // namespace ktstr
