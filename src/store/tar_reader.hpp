// SPDX-License-Identifier: MIT
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.hpp"
#include "ktstr/result.hpp"

// libarchive, opened when the first tar or zip is read. Linking it would cost every process about a
// millisecond for it and its dozen libraries, and most of ours never read one.

namespace ktstr {

/// The functions of libarchive that we call. Thread-safe as libarchive is: an archive object
/// belongs to one thread.
struct LibArchive {
  decltype(&archive_read_new) read_new = nullptr;
  decltype(&archive_read_free) read_free = nullptr;
  decltype(&archive_read_support_filter_bzip2) read_support_filter_bzip2 = nullptr;
  decltype(&archive_read_support_filter_gzip) read_support_filter_gzip = nullptr;
  decltype(&archive_read_support_filter_xz) read_support_filter_xz = nullptr;
  decltype(&archive_read_support_filter_zstd) read_support_filter_zstd = nullptr;
  decltype(&archive_read_support_format_tar) read_support_format_tar = nullptr;
  decltype(&archive_read_support_format_zip) read_support_format_zip = nullptr;
  decltype(&archive_read_set_format_option) read_set_format_option = nullptr;
  decltype(&archive_read_open_fd) read_open_fd = nullptr;
  decltype(&archive_read_next_header) read_next_header = nullptr;
  decltype(&archive_read_data_block) read_data_block = nullptr;
  decltype(&archive_filter_bytes) filter_bytes = nullptr;
  decltype(&archive_filter_code) filter_code = nullptr;
  decltype(&archive_format) format = nullptr;
  decltype(&archive_error_string) error_string = nullptr;
  decltype(&archive_entry_pathname) entry_pathname = nullptr;
  decltype(&archive_entry_filetype) entry_filetype = nullptr;
  decltype(&archive_entry_hardlink) entry_hardlink = nullptr;
  decltype(&archive_entry_is_encrypted) entry_is_encrypted = nullptr;
  decltype(&archive_entry_mtime) entry_mtime = nullptr;
  decltype(&archive_entry_mtime_nsec) entry_mtime_nsec = nullptr;
  decltype(&archive_entry_mtime_is_set) entry_mtime_is_set = nullptr;
};

/// The library, opened on the first call and for the life of the process; a failed call is tried
/// again by the next one. Error (not_found): it isn't installed; the hint names its package.
/// Thread-safe.
[[nodiscard]] Result<const LibArchive*> libarchive();

/// The same for a library of any file name, never closed. For tests.
[[nodiscard]] Result<LibArchive> load_libarchive(const char* file_name);

// Entry by entry through a tar or zip that somebody else made.

enum class EntryKind { regular, directory, symbolic_link, hard_link, other };

struct TarEntry {
  std::string name;  ///< bytes as stored; empty if it can't be read
  EntryKind kind = EntryKind::other;
  std::string link;  ///< of a hard link: the name of another entry, as stored; perhaps of none
  bool is_encrypted = false;
  std::int64_t mtime_ns = 0;  ///< 0 if it isn't known
};

struct TarReaderOptions {
  std::uint64_t max_expansion = 200;
  std::uint64_t min_expanded_bytes = 64ULL << 20;
  std::function<bool()> should_stop = {};
};

/// Reads tar (plain or packed with gzip, zstd, xz or bzip2) and zip. No other program is started
/// for a packing. Of tars one behind the other (`cat`, `tar -A`) it reads all, and what stands
/// behind the last one and is no tar is damage. Not thread-safe.
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

  /// The same into a file, from its beginning.
  [[nodiscard]] Result<Outcome> copy(std::uint64_t limit_bytes, int descriptor);

  /// The first damage that was met.
  [[nodiscard]] const std::optional<std::string>& damage() const;
  /// Of the file, so far.
  [[nodiscard]] std::uint64_t packed_bytes_read() const;

 private:
  struct State;
  /// At which place of the file, and what stands there.
  using TakeBlock = std::function<Result<void>(std::uint64_t, std::string_view)>;
  [[nodiscard]] Result<Outcome> each_block(std::uint64_t limit_bytes, const TakeBlock& take);
  explicit TarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ktstr
