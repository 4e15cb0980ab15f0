// SPDX-License-Identifier: MIT
#pragma once

// zstd, with and without a dictionary.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ktstr/result.hpp"

struct ZSTD_CDict_s;
struct ZSTD_DDict_s;

namespace ktstr {

/// A prepared dictionary. Thread-safe once made; making it takes about a millisecond.
class CompressionDictionary {
 public:
  /// `bytes`, as zstd's trainer writes them, must stay as they are while this lives.
  explicit CompressionDictionary(std::string_view bytes);
  ~CompressionDictionary();
  CompressionDictionary(const CompressionDictionary&) = delete;
  CompressionDictionary& operator=(const CompressionDictionary&) = delete;

  [[nodiscard]] const ZSTD_CDict_s* for_compression() const { return compression_; }
  [[nodiscard]] const ZSTD_DDict_s* for_decompression() const { return decompression_; }

 private:
  ZSTD_CDict_s* compression_;
  ZSTD_DDict_s* decompression_;
};

/// One whole zstd frame that states the content's size. A null dictionary is none. Thread-safe.
/// Throws std::bad_alloc.
[[nodiscard]] std::string compress(std::string_view bytes, const CompressionDictionary* dictionary);

/// The bytes of such a frame. Error `corrupt`: it is no such frame, or its content isn't
/// `size_bytes` long, which bounds what is allocated. Thread-safe.
[[nodiscard]] Result<std::string> decompress(std::string_view frame, std::uint64_t size_bytes,
                                             const CompressionDictionary* dictionary);

}  // namespace ktstr
