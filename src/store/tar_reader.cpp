// SPDX-License-Identifier: MIT
#include "store/tar_reader.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <mutex>
#include <string>
#include <utility>

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
         find_function(library, "archive_read_set_format_option", lib.read_set_format_option) &&
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

namespace {

constexpr std::size_t k_block_bytes = 128 << 10;
constexpr std::int64_t k_ns_per_s = 1'000'000'000;

/// libarchive turns the names that a format defines as UTF-8 into the locale's bytes, and loses
/// them in the "C" locale, which is ours. So its calls are made in another one, of this thread.
struct FreeLocale {
  using pointer = locale_t;
  void operator()(locale_t locale) const { ::freelocale(locale); }
};
using LocaleHandle = std::unique_ptr<locale_t, FreeLocale>;

LocaleHandle utf8_locale() { return LocaleHandle(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)); }

class LocaleScope {
 public:
  explicit LocaleScope(const LocaleHandle& locale)
      : before_(locale ? ::uselocale(locale.get()) : nullptr) {}
  LocaleScope(const LocaleScope&) = delete;
  LocaleScope& operator=(const LocaleScope&) = delete;
  ~LocaleScope() {
    if (before_ != nullptr) ::uselocale(before_);
  }

 private:
  locale_t before_;
};

struct FreeArchive {
  const LibArchive* lib;
  void operator()(struct archive* handle) const { lib->read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<struct archive, FreeArchive>;

bool support_formats(const LibArchive& lib, struct archive* handle) {
  // One by one: "all" has formats that start a program to unpack. A filter that the library was
  // built without would do that too, and warns.
  return lib.read_support_format_tar(handle) == ARCHIVE_OK &&
         lib.read_support_format_zip(handle) == ARCHIVE_OK &&
         lib.read_set_format_option(handle, "tar", "read_concatenated_archives", "1") ==
             ARCHIVE_OK &&
         lib.read_support_filter_gzip(handle) == ARCHIVE_OK &&
         lib.read_support_filter_zstd(handle) == ARCHIVE_OK &&
         lib.read_support_filter_xz(handle) == ARCHIVE_OK &&
         lib.read_support_filter_bzip2(handle) == ARCHIVE_OK;
}

EntryKind kind_of(const LibArchive& lib, struct archive_entry* entry) {
  if (lib.entry_hardlink(entry) != nullptr) return EntryKind::hard_link;
  switch (lib.entry_filetype(entry)) {
    case AE_IFREG:
      return EntryKind::regular;
    case AE_IFDIR:
      return EntryKind::directory;
    case AE_IFLNK:
      return EntryKind::symbolic_link;
    default:
      return EntryKind::other;
  }
}

/// 0 for a time that isn't there or is out of range.
std::int64_t mtime_ns_of(const LibArchive& lib, struct archive_entry* entry) {
  constexpr std::int64_t k_max_s = INT64_MAX / k_ns_per_s - 1;
  if (lib.entry_mtime_is_set(entry) == 0) return 0;
  const std::int64_t seconds = lib.entry_mtime(entry);
  const std::int64_t rest_ns = lib.entry_mtime_nsec(entry);
  if (seconds < 0 || seconds > k_max_s || rest_ns < 0 || rest_ns >= k_ns_per_s) return 0;
  return seconds * k_ns_per_s + rest_ns;
}

struct Block {
  const void* data = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
};

}  // namespace

struct TarReader::State {
  /// The first header decides what the file is.
  [[nodiscard]] bool is_recognized() const { return lib.format(handle.get()) != 0; }
  [[nodiscard]] bool is_zip() const {
    return (lib.format(handle.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
  }
  [[nodiscard]] bool is_packed_tar() const {
    return !is_zip() && lib.filter_code(handle.get(), 0) != ARCHIVE_FILTER_NONE;
  }
  void note_damage() {
    if (damage) return;
    const char* text = lib.error_string(handle.get());
    damage = text == nullptr ? "damaged" : text;
  }
  [[nodiscard]] Result<void> check() const;
  [[nodiscard]] Result<int> next_block(Block& block);
  [[nodiscard]] Result<void> skip_rest();

  const LibArchive& lib;
  ArchiveHandle handle;
  LocaleHandle locale;
  TarReaderOptions options;
  std::uint64_t packed_bytes;
  std::uint64_t read_bytes = 0;  ///< unpacked, of the entries that were asked for
  std::optional<std::string> damage = std::nullopt;
  struct archive_entry* pending = nullptr;  ///< the first one, met by open()
  int pending_status = ARCHIVE_OK;
  bool is_at_end = false;
  bool in_entry = false;
};

Result<void> TarReader::State::check() const {
  if (options.should_stop && options.should_stop()) return fail(ErrorCode::interrupted, "stopped");
  const std::uint64_t unpacked =
      is_zip()
          ? read_bytes
          : static_cast<std::uint64_t>(std::max<la_int64_t>(lib.filter_bytes(handle.get(), 0), 0));
  if (unpacked <= options.min_expanded_bytes || unpacked / options.max_expansion <= packed_bytes) {
    return {};
  }
  return fail(
      ErrorCode::parse,
      fmt::format("unpacks to more than {} times its size", options.max_expansion), {},
      "this looks like a decompression bomb; if it isn't, unpack it and name the directory");
}

/// The library's status.
Result<int> TarReader::State::next_block(Block& block) {
  if (auto fine = check(); !fine) return fail(std::move(fine.error()));
  const int status = lib.read_data_block(handle.get(), &block.data, &block.size, &block.offset);
  if (status == ARCHIVE_OK) read_bytes += block.size;
  return status;
}

/// Of a packed tar, block by block: the library would unpack all of an entry in one call, however
/// much that is. Of others it skips without unpacking.
Result<void> TarReader::State::skip_rest() {
  if (!in_entry || !is_packed_tar()) return {};
  Block block;
  Result<int> status = ARCHIVE_OK;
  while (status && *status == ARCHIVE_OK) status = next_block(block);
  if (!status) return fail(std::move(status.error()));
  if (*status != ARCHIVE_EOF) note_damage();
  return {};
}

Result<TarReader> TarReader::open(int descriptor, const TarReaderOptions& options) {
  const auto lib = libarchive();
  if (!lib) return fail(lib.error());
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0 || ::lseek(descriptor, 0, SEEK_SET) != 0) {
    return fail(os_error(errno));
  }
  ArchiveHandle handle((*lib)->read_new(), FreeArchive{*lib});
  if (!handle || !support_formats(**lib, handle.get())) {
    return fail(ErrorCode::io, "libarchive can't be used here");
  }
  std::unique_ptr<State> state(new State{**lib, std::move(handle), utf8_locale(), options,
                                         static_cast<std::uint64_t>(status.st_size)});
  const LocaleScope scope(state->locale);
  const bool is_open =
      (*lib)->read_open_fd(state->handle.get(), descriptor, k_block_bytes) >= ARCHIVE_WARN;
  if (is_open) {
    state->pending_status = (*lib)->read_next_header(state->handle.get(), &state->pending);
  }
  if (!is_open || !state->is_recognized()) {
    return fail(ErrorCode::parse, "is neither a directory nor a tar or zip");
  }
  return TarReader(std::move(state));
}

TarReader::TarReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader& TarReader::operator=(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Result<std::optional<TarEntry>> TarReader::next() {
  State& state = *state_;
  if (state.is_at_end) return std::nullopt;
  const LocaleScope scope(state.locale);
  struct archive_entry* entry = std::exchange(state.pending, nullptr);
  int status = std::exchange(state.pending_status, ARCHIVE_OK);
  if (entry == nullptr && status == ARCHIVE_OK) {
    if (auto skipped = state.skip_rest(); !skipped) return fail(std::move(skipped.error()));
    status = state.lib.read_next_header(state.handle.get(), &entry);
  }
  state.in_entry = status == ARCHIVE_OK || status == ARCHIVE_WARN;
  if (!state.in_entry) {
    // A retry would look for the next header in what may be a file's bytes.
    if (status != ARCHIVE_EOF) state.note_damage();
    state.is_at_end = true;
    return std::nullopt;
  }
  if (auto fine = state.check(); !fine) return fail(std::move(fine.error()));
  TarEntry found;
  if (const char* name = state.lib.entry_pathname(entry)) found.name = name;
  found.kind = kind_of(state.lib, entry);
  if (const char* link = state.lib.entry_hardlink(entry)) found.link = link;
  found.is_encrypted = state.lib.entry_is_encrypted(entry) != 0;
  found.mtime_ns = mtime_ns_of(state.lib, entry);
  return found;
}

Result<TarReader::Outcome> TarReader::each_block(std::uint64_t limit_bytes, const TakeBlock& take) {
  while (true) {
    Block block;
    const auto status = state_->next_block(block);
    if (!status) return fail(status.error());
    if (*status != ARCHIVE_OK && *status != ARCHIVE_EOF) {
      state_->note_damage();
      return Outcome::damaged;
    }
    // What a sparse file leaves out reads as zeros, and counts as if it were there. At the end the
    // offset is the file's size.
    const auto offset = static_cast<std::uint64_t>(std::max<la_int64_t>(block.offset, 0));
    if (offset > limit_bytes || block.size > limit_bytes - offset) return Outcome::too_large;
    const bool is_end = *status == ARCHIVE_EOF;
    const std::string_view bytes(static_cast<const char*>(block.data), is_end ? 0 : block.size);
    if (auto taken = take(offset, bytes); !taken) return fail(std::move(taken.error()));
    if (is_end) return Outcome::read;
  }
}

Result<TarReader::Outcome> TarReader::read(std::uint64_t limit_bytes, std::string& bytes) {
  bytes.clear();
  auto outcome = each_block(limit_bytes, [&](std::uint64_t offset, std::string_view block) {
    if (offset > bytes.size()) bytes.resize(offset);
    bytes.append(block);
    return Result<void>();
  });
  if (outcome && *outcome != Outcome::read) bytes.clear();
  return outcome;
}

Result<TarReader::Outcome> TarReader::copy(std::uint64_t limit_bytes, int descriptor) {
  return each_block(limit_bytes, [&](std::uint64_t offset, std::string_view block) -> Result<void> {
    while (!block.empty()) {
      const ssize_t written =
          ::pwrite(descriptor, block.data(), block.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail(os_error(errno));
      block.remove_prefix(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    return {};
  });
}

const std::optional<std::string>& TarReader::damage() const { return state_->damage; }

std::uint64_t TarReader::packed_bytes_read() const {
  return static_cast<std::uint64_t>(
      std::max<la_int64_t>(state_->lib.filter_bytes(state_->handle.get(), -1), 0));
}

}  // namespace ktstr
