// SPDX-License-Identifier: MIT
#pragma once

// Failure dumps and traces on their way into the archive. Pure; thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/archive_document.hpp"
#include "catalog/tables.hpp"

namespace ktstr {

/// Of an artifact's kind: wprof and repro-wprof, which are kept on request only.
[[nodiscard]] bool is_trace(std::string_view artifact_kind);
[[nodiscard]] DocumentKind document_kind(std::string_view artifact_kind);

/// Sets the test and the variant hash that the row's file name says, those of a retry's dump, too.
void set_dump_name(ArtifactRow& row);
/// The row of a dump or trace that isn't below its root just now.
[[nodiscard]] ArtifactRow dump_row(const std::string& file_name, std::int64_t size_bytes,
                                   std::int64_t mtime_ns);

/// Why the bytes of one larger than this are not kept.
[[nodiscard]] std::string too_large_text(std::int64_t most_bytes);

}  // namespace ktstr
