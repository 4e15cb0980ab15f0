// SPDX-License-Identifier: MIT
#pragma once

// libarchive, opened when the first tar or zip is read. Linking it would cost every process about a
// millisecond for it and its dozen libraries, and most of ours never read one.

#include <archive.h>
#include <archive_entry.h>

#include "ktstr/result.hpp"

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

}  // namespace ktstr
