// SPDX-License-Identifier: MIT
#include "database/document.hpp"

#include <utility>

#include "base/compression.hpp"
#include "base/hashing.hpp"

namespace ktstr {

// Trained on the sample generator's records. For ever as it is: frames refer to it.
extern const std::string_view embedded_sidecar_dictionary_1;

namespace {

constexpr const char* k_plain_coding = "zstd";
constexpr const char* k_sidecar_coding = "zstd-1";
// What a dictionary knows of the keys, a long text tells by itself.
constexpr std::size_t k_largest_with_dictionary = 256 << 10;

const CompressionDictionary& sidecar_dictionary() {
  static const CompressionDictionary dictionary(embedded_sidecar_dictionary_1);
  return dictionary;
}

}  // namespace

const char* document_kind_name(DocumentKind kind) {
  constexpr const char* names[] = {"sidecar", "failure-dump", "wprof"};
  return names[static_cast<std::size_t>(kind)];
}

PackedDocument pack_document(std::string_view bytes, std::string id, DocumentKind kind) {
  const bool use_dictionary =
      kind == DocumentKind::sidecar && bytes.size() <= k_largest_with_dictionary;
  PackedDocument document;
  document.id = std::move(id);
  document.size_bytes = static_cast<std::int64_t>(bytes.size());
  document.plain_bytes = document.size_bytes;
  document.kind = kind;
  document.coding = use_dictionary ? k_sidecar_coding : k_plain_coding;
  document.frame = compress(bytes, use_dictionary ? &sidecar_dictionary() : nullptr);
  return document;
}

Result<std::string> unpack_document(const PackedDocument& document) {
  const bool has_dictionary = document.coding == k_sidecar_coding;
  if (!has_dictionary && document.coding != k_plain_coding) {
    return fail(ErrorCode::newer_version, "document " + document.id + " is coded as " +
                                              document.coding +
                                              ", which this program doesn't know");
  }
  auto bytes = decompress(document.frame, static_cast<std::uint64_t>(document.plain_bytes),
                          has_dictionary ? &sidecar_dictionary() : nullptr);
  if (!bytes) return bytes;
  if (!document.is_redacted && content_id(*bytes) != document.id) {
    return fail(ErrorCode::corrupt, "document " + document.id + " holds other bytes");
  }
  return bytes;
}

}  // namespace ktstr
