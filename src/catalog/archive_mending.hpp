// SPDX-License-Identifier: MIT
#pragma once

// Damage that shows in the middle of somebody's work on an archive.

#include <string>
#include <utility>
#include <vector>

#include "catalog/archive.hpp"

namespace ktstr {

/// Whether the archive's pages are what SQLite takes for sound: all, or those without the bytes of
/// documents, which are most of it. Error `corrupt`: they are not. Asked before anything is
/// dropped: a result whose row is damaged is made again from its document.
[[nodiscard]] Result<void> find_damage(Archive& archive, bool with_bytes);

/// Runs `body`, which works on the archive and gives a Result. Where it meets damage, the archive
/// is replaced as open() does it, and `body` runs once more.
template <typename Body>
[[nodiscard]] auto with_mending(Archive& archive, FileSystem& file_system, const Clock& clock,
                                Body body) {
  auto done = body();
  if (done || done.error().code != ErrorCode::corrupt || done.error().path != archive.path()) {
    return done;
  }
  if (auto mended = archive.replace_damaged(done.error().message, file_system, clock); !mended) {
    return decltype(done)(fail(std::move(mended.error())));
  }
  return body();
}

/// Looks at an archive that a command which only reads has found to be damaged, and replaces it as
/// open() does. Gives what the user should be told; nothing if it is sound.
[[nodiscard]] Result<std::vector<std::string>> mend_archive(const ArchiveOptions& options,
                                                            FileSystem& file_system,
                                                            const Clock& clock);

}  // namespace ktstr
