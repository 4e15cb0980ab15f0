// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/file_system.hpp"
#include "ktstr/messages.hpp"
#include "ktstr/walk.hpp"

namespace ktstr {

struct WalkedRunOptions {
  std::string root;
  std::string run;  ///< RUN-DIR or RUN-DIR/JOB
  std::uint64_t max_file_bytes = 256ULL << 20;
  MessageSink note = {};  ///< gets a line for each job that can't be listed; must be there
};

/// Reads the files of one run below a root, without a catalog. Errors: those of
/// find_run_directory; not_found if no file is named as a sidecar.
[[nodiscard]] Result<Collection> walk_run(FileSystem& files, const WalkedRunOptions& options);

/// Nothing, or why the entries of what was opened can't be had.
[[nodiscard]] Result<void> check_listing(const Result<std::unique_ptr<DirectoryHandle>>& opened);

/// A line for each job directory that can't be listed: a walk passes over it without a word.
void note_unlisted_jobs(FileSystem& files, const std::string& directory, const MessageSink& note);

}  // namespace ktstr
