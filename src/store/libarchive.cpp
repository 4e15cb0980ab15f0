// SPDX-License-Identifier: MIT
#include "store/libarchive.hpp"

#include <mutex>
#include <string>

#include "base/dynamic_library.hpp"

namespace ktstr {
namespace {

constexpr const char* k_file_name = "libarchive.so.13";

bool find_reading_functions(const DynamicLibrary& library, LibArchive& lib) {
  return find_function(library, "archive_read_new", lib.read_new) &&
         find_function(library, "archive_read_free", lib.read_free) &&
         find_function(library, "archive_read_support_filter_bzip2",
                       lib.read_support_filter_bzip2) &&
         find_function(library, "archive_read_support_filter_gzip", lib.read_support_filter_gzip) &&
         find_function(library, "archive_read_support_filter_xz", lib.read_support_filter_xz) &&
         find_function(library, "archive_read_support_filter_zstd", lib.read_support_filter_zstd) &&
         find_function(library, "archive_read_support_format_tar", lib.read_support_format_tar) &&
         find_function(library, "archive_read_support_format_zip", lib.read_support_format_zip) &&
         find_function(library, "archive_read_open_fd", lib.read_open_fd) &&
         find_function(library, "archive_read_next_header", lib.read_next_header) &&
         find_function(library, "archive_read_data_block", lib.read_data_block) &&
         find_function(library, "archive_filter_bytes", lib.filter_bytes) &&
         find_function(library, "archive_filter_code", lib.filter_code) &&
         find_function(library, "archive_format", lib.format) &&
         find_function(library, "archive_error_string", lib.error_string);
}

bool find_entry_functions(const DynamicLibrary& library, LibArchive& lib) {
  return find_function(library, "archive_entry_pathname", lib.entry_pathname) &&
         find_function(library, "archive_entry_filetype", lib.entry_filetype) &&
         find_function(library, "archive_entry_hardlink", lib.entry_hardlink) &&
         find_function(library, "archive_entry_is_encrypted", lib.entry_is_encrypted) &&
         find_function(library, "archive_entry_mtime", lib.entry_mtime) &&
         find_function(library, "archive_entry_mtime_nsec", lib.entry_mtime_nsec) &&
         find_function(library, "archive_entry_mtime_is_set", lib.entry_mtime_is_set);
}

class SharedLibrary {
 public:
  Result<const LibArchive*> get() {
    const std::lock_guard lock(mutex_);
    if (!loaded_) {
      auto loaded = load_libarchive(k_file_name);
      if (!loaded) return fail(std::move(loaded.error()));
      library_ = *loaded;
      loaded_ = true;
    }
    return &library_;
  }

 private:
  std::mutex mutex_;
  bool loaded_ = false;
  LibArchive library_;
};

}  // namespace

Result<LibArchive> load_libarchive(const char* file_name) {
  const auto missing = [](std::string message) {
    return fail(ErrorCode::not_found, std::move(message), {},
                "a tar or zip is read with libarchive: install the package libarchive13, or unpack "
                "the file and name the directory");
  };
  DynamicLibrary library = open_library(file_name);
  if (!library) return missing(std::string("could not open the library ") + file_name);
  LibArchive functions;
  if (!find_reading_functions(library, functions) || !find_entry_functions(library, functions)) {
    return missing(std::string("the library ") + file_name + " lacks a function that is needed");
  }
  // Whoever got the functions may call them at any time.
  static_cast<void>(library.release());
  return functions;
}

Result<const LibArchive*> libarchive() {
  static SharedLibrary library;
  return library.get();
}

}  // namespace ktstr
