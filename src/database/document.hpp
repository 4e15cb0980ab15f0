// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ktstr/result.hpp"

// The bytes of a sidecar or dump as the archive stores them. Pure; thread-safe.

namespace ktstr {

/// What a document is, and so how it is coded and what may be dropped first.
enum class DocumentKind { sidecar, failure_dump, wprof };
/// "sidecar", "failure-dump", "wprof".
[[nodiscard]] const char* document_kind_name(DocumentKind kind);

struct PackedDocument {
  std::string id;               ///< XXH3-128 of the bytes that were seen
  std::int64_t size_bytes = 0;  ///< of those
  DocumentKind kind = DocumentKind::sidecar;
  std::string coding;            ///< "zstd", or "zstd-1": with dictionary 1
  std::int64_t plain_bytes = 0;  ///< what `frame` unpacks to: less or more once redacted
  bool is_redacted = false;
  std::string frame;
};

/// `id` is the content_id of the bytes, which the caller has anyway. Throws std::bad_alloc.
[[nodiscard]] PackedDocument pack_document(std::string_view bytes, std::string id,
                                           DocumentKind kind);

/// The bytes. Error `corrupt`: the frame is damaged, or isn't what the id says.
[[nodiscard]] Result<std::string> unpack_document(const PackedDocument& document);

}  // namespace ktstr
