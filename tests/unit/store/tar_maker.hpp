// SPDX-License-Identifier: MIT
#pragma once

// Tars and zips for tests, hostile ones included.

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace ktstr::test {

enum class TarPacking { none, gzip, zstd, xz, zip };

/// Writes a file when it dies or close() is called. Names go in as they are given.
class TarMaker {
 public:
  explicit TarMaker(const std::string& path, TarPacking packing = TarPacking::none) {
    handle_ = call<decltype(&archive_write_new)>("archive_write_new")();
    choose(packing);
    check(call<decltype(&archive_write_open_filename)>("archive_write_open_filename")(
        handle_, path.c_str()));
  }
  TarMaker(const TarMaker&) = delete;
  TarMaker& operator=(const TarMaker&) = delete;
  ~TarMaker() { close(); }

  TarMaker& file(const std::string& name, const std::string& bytes, std::int64_t mtime_s = 1) {
    return entry(name, AE_IFREG, bytes, "", mtime_s);
  }
  TarMaker& directory(const std::string& name) { return entry(name, AE_IFDIR, "", "", 1); }
  TarMaker& symbolic_link(const std::string& name, const std::string& target) {
    return entry(name, AE_IFLNK, "", target, 1);
  }
  TarMaker& hard_link(const std::string& name, const std::string& target) {
    return entry(name, AE_IFREG, "", target, 1);
  }
  TarMaker& fifo(const std::string& name) { return entry(name, AE_IFIFO, "", "", 1); }
  TarMaker& device(const std::string& name) { return entry(name, AE_IFCHR, "", "", 1); }

  void close() {
    if (handle_ == nullptr) return;
    call<decltype(&archive_write_free)>("archive_write_free")(handle_);
    handle_ = nullptr;
  }

 private:
  template <typename Function>
  static Function call(const char* name) {
    static void* const library = ::dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    void* const found = library == nullptr ? nullptr : ::dlsym(library, name);
    if (found == nullptr) throw std::runtime_error(std::string("no function ") + name);
    return reinterpret_cast<Function>(found);
  }
  static void check(la_ssize_t status) {
    if (status < ARCHIVE_OK) throw std::runtime_error("libarchive refused to write");
  }

  void choose(TarPacking packing) {
    const bool is_zip = packing == TarPacking::zip;
    check(call<decltype(&archive_write_set_format_zip)>(
        is_zip ? "archive_write_set_format_zip" : "archive_write_set_format_gnutar")(handle_));
    const char* const filter = packing == TarPacking::gzip   ? "archive_write_add_filter_gzip"
                               : packing == TarPacking::zstd ? "archive_write_add_filter_zstd"
                               : packing == TarPacking::xz   ? "archive_write_add_filter_xz"
                                                             : "archive_write_add_filter_none";
    check(call<decltype(&archive_write_add_filter_none)>(filter)(handle_));
  }

  TarMaker& entry(const std::string& name, unsigned type, const std::string& bytes,
                  const std::string& link, std::int64_t mtime_s) {
    struct archive_entry* const made = call<decltype(&archive_entry_new)>("archive_entry_new")();
    call<decltype(&archive_entry_set_pathname)>("archive_entry_set_pathname")(made, name.c_str());
    call<decltype(&archive_entry_set_filetype)>("archive_entry_set_filetype")(made, type);
    call<decltype(&archive_entry_set_perm)>("archive_entry_set_perm")(made, 0644);
    call<decltype(&archive_entry_set_mtime)>("archive_entry_set_mtime")(made, mtime_s, 0);
    if (!link.empty()) {
      const char* const setter =
          type == AE_IFLNK ? "archive_entry_set_symlink" : "archive_entry_set_hardlink";
      call<decltype(&archive_entry_set_symlink)>(setter)(made, link.c_str());
    } else {
      call<decltype(&archive_entry_set_size)>("archive_entry_set_size")(
          made, static_cast<la_int64_t>(bytes.size()));
    }
    check(call<decltype(&archive_write_header)>("archive_write_header")(handle_, made));
    if (!bytes.empty()) {
      check(call<decltype(&archive_write_data)>("archive_write_data")(handle_, bytes.data(),
                                                                      bytes.size()));
    }
    call<decltype(&archive_entry_free)>("archive_entry_free")(made);
    return *this;
  }

  struct archive* handle_ = nullptr;
};

}  // namespace ktstr::test
