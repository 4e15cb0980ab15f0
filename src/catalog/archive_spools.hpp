// SPDX-License-Identifier: MIT
#pragma once

// What a capture kept of a root, on its way into the archive.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/archive_tables.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// A spooled file, read and ready to be stored.
struct SpooledVersion {
  DirectoryRow directory;  ///< run_dir, job and session only
  std::int64_t seen_ns = 0;
  std::optional<PreparedFile> sidecar;
  std::optional<KeptArtifact> dump;
  PackedDocument document;
};

struct DrainReport {
  std::vector<Error> left_alone;  ///< what was among the spools and isn't ours
  std::optional<Error> problem;   ///< why a spool could not be read or removed, the first reason
};

/// Reads the spools at `owned` (in use by this process) and those that dead processes left below
/// the root, and hands over what is in them, some versions at a time, in the order of keeping. A
/// spool is removed once all of it was taken; `take` says whether it could. A file that can't be
/// read is passed over.
[[nodiscard]] DrainReport drain_spools(
    const std::string& root, const std::vector<std::string>& owned, std::uint64_t most_file_bytes,
    const std::function<bool(const std::vector<SpooledVersion>& versions)>& take);

}  // namespace ktstr
