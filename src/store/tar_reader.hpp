// SPDX-License-Identifier: MIT
#pragma once

// Entry by entry through a tar or zip that somebody else made.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/file_system.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

enum class EntryKind { regular, directory, symbolic_link, hard_link, other };

struct TarEntry {
  std::string name;  ///< bytes as stored; empty if it can't be read
  EntryKind kind = EntryKind::other;
  bool is_encrypted = false;
  std::int64_t mtime_ns = 0;  ///< 0 if it isn't known
};

struct TarReaderOptions {
  std::uint64_t max_expansion = 200;
  std::uint64_t min_expanded_bytes = 64ULL << 20;
  std::function<bool()> should_stop = {};
};

/// Reads tar (plain or packed with gzip, zstd, xz or bzip2) and zip. No other program is started
/// for a packing. Not thread-safe.
///
/// A reader ends with an error only where it must not go on: unpacked bytes beyond the limits of
/// the options (parse), or asked to stop (interrupted). Damage is an end like any other, and
/// damage() tells.
class TarReader {
 public:
  /// `descriptor` is of a regular file, and stays the caller's. Reads from its start.
  /// Errors: libarchive is missing; neither tar nor zip (parse).
  [[nodiscard]] static Result<TarReader> open(int descriptor, const TarReaderOptions& options);
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) noexcept;
  ~TarReader();

  /// None at the end.
  [[nodiscard]] Result<std::optional<TarEntry>> next();

  enum class Outcome { read, too_large, damaged };
  /// The current entry's bytes, at most once each. Of a damaged one nothing is left in `bytes`.
  [[nodiscard]] Result<Outcome> read(std::uint64_t limit_bytes, std::string& bytes);

  /// The first damage that was met.
  [[nodiscard]] const std::optional<std::string>& damage() const;
  /// Of the file, so far.
  [[nodiscard]] std::uint64_t packed_bytes_read() const;

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ktstr
