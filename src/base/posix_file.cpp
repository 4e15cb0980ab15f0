// SPDX-License-Identifier: MIT
#include "base/posix_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace ktstr::posix {
namespace {

constexpr std::size_t k_spare_bytes = 64;
constexpr std::size_t k_first_chunk_bytes = 64 * 1024;

/// The nearest that fits: a file may be of the year 2500.
std::int64_t to_ns(const timespec& time) {
  std::int64_t ns = 0;
  if (!__builtin_mul_overflow(std::int64_t{time.tv_sec}, std::int64_t{1'000'000'000}, &ns) &&
      !__builtin_add_overflow(ns, std::int64_t{time.tv_nsec}, &ns)) {
    return ns;
  }
  using Limits = std::numeric_limits<std::int64_t>;
  return time.tv_sec < 0 ? Limits::min() : Limits::max();
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::other;
}

FileStatus to_status(const struct stat& raw) {
  FileStatus status;
  status.kind = kind_of(raw.st_mode);
  status.stamp = stamp_of(raw);
  return status;
}

}  // namespace

Stamp stamp_of(const struct stat& raw) {
  return {raw.st_dev, raw.st_ino, raw.st_size, to_ns(raw.st_mtim), to_ns(raw.st_ctim)};
}

namespace {

/// A NUL would silently cut the name that the system sees.
Result<void> check_name(const Location& location) {
  if (location.name.find('\0') == std::string::npos) return {};
  return fail(os_error(EINVAL, location.shown_path));
}

/// read(2) until it isn't interrupted; -1 with errno, else the count.
ssize_t read_some(int descriptor, char* into, std::size_t count) {
  ssize_t got = 0;
  do {
    got = ::read(descriptor, into, count);
  } while (got < 0 && errno == EINTR);
  return got;
}

class PosixFile final : public FileHandle {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  [[nodiscard]] Result<FileStatus> status() const override { return status_of(descriptor_, path_); }
  [[nodiscard]] Result<std::string> read_all(std::uint64_t limit_bytes) override;

 private:
  [[nodiscard]] Result<std::string> read_up_to(std::uint64_t limit_bytes, std::uint64_t size_hint);
  [[nodiscard]] tl::unexpected<Error> too_large(std::uint64_t limit_bytes) const {
    return fail(ErrorCode::io, "larger than the limit of " + std::to_string(limit_bytes) + " bytes",
                path_);
  }

  Descriptor descriptor_;
  std::string path_;
};

Result<std::string> PosixFile::read_all(std::uint64_t limit_bytes) {
  const Result<FileStatus> now = status();
  if (!now) return fail(now.error());
  if (now->kind == FileKind::directory) return fail(os_error(EISDIR, path_));
  // A device may never end, and a FIFO's bytes are gone once read.
  if (now->kind != FileKind::regular) return fail(ErrorCode::io, "not a regular file", path_);
  const auto size_hint =
      static_cast<std::uint64_t>(std::max<std::int64_t>(now->stamp.size_bytes, 0));
  if (size_hint > limit_bytes) return too_large(limit_bytes);
  if (::lseek(descriptor_.number(), 0, SEEK_SET) < 0) return fail(os_error(errno, path_));
  try {
    return read_up_to(limit_bytes, size_hint);
  } catch (const std::exception&) {  // a sparse file can claim more than there is memory
    return fail(os_error(ENOMEM, path_));
  }
}

/// The size is a hint only: the file may grow while it is read, and /proc says 0 for everything.
Result<std::string> PosixFile::read_up_to(std::uint64_t limit_bytes, std::uint64_t size_hint) {
  std::string bytes;
  // More than expected, so that the usual file needs two calls (its bytes, then the end) and its
  // text has the spare bytes that a JSON parser wants behind it.
  std::size_t capacity = size_hint > 0 ? size_hint + k_spare_bytes : k_first_chunk_bytes;
  std::size_t filled = 0;
  for (;;) {
    bytes.resize(capacity);
    const ssize_t got = read_some(descriptor_.number(), bytes.data() + filled, capacity - filled);
    if (got < 0) return fail(os_error(errno, path_));
    filled += static_cast<std::size_t>(got);
    if (filled > limit_bytes) return too_large(limit_bytes);
    if (got == 0) break;
    if (filled == capacity) capacity *= 2;
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Result<FileStatus> status_at(const Location& location, FollowLinks follow) {
  if (auto checked = check_name(location); !checked) return fail(checked.error());
  struct stat raw = {};
  const int flags = follow == FollowLinks::yes ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(location.directory, location.name.c_str(), &raw, flags) != 0) {
    return fail(os_error(errno, location.shown_path));
  }
  return to_status(raw);
}

Result<FileStatus> status_of(const Descriptor& opened, const std::string& path) {
  struct stat raw = {};
  if (::fstat(opened.number(), &raw) != 0) return fail(os_error(errno, path));
  return to_status(raw);
}

std::unique_ptr<FileHandle> file_handle(Descriptor file, std::string path) {
  return std::make_unique<PosixFile>(std::move(file), std::move(path));
}

Result<std::unique_ptr<FileHandle>> open_file_at(const Location& location) {
  auto opened = open_at(location, O_RDONLY);
  if (!opened) return fail(opened.error());
  return file_handle(std::move(*opened), location.shown_path);
}

namespace {

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  const int error = write_whole(descriptor, bytes);
  return error == 0 ? Result<void>() : fail(os_error(error, path));
}

}  // namespace

Result<void> write_whole_file_at(const Location& location, const std::string& bytes) {
  auto opened = open_own_file_at(location, O_WRONLY | O_CREAT);
  if (!opened) return fail(opened.error());
  const std::string& path = location.shown_path;
  // Not by O_TRUNC: by then it would be too late to find out what it is.
  if (::ftruncate(opened->number(), 0) != 0) return fail(os_error(errno, path));
  if (auto written = write_all(opened->number(), bytes, path); !written) return written;
  // Some file systems report a full disk only here. EINTR: Linux has closed it all the same.
  if (::close(opened->release()) != 0 && errno != EINTR) return fail(os_error(errno, path));
  return {};
}

Result<void> rename_at(const Location& from, const Location& to) {
  if (auto checked = check_name(from); !checked) return checked;
  if (!check_name(to)) return fail(os_error(EINVAL, from.shown_path));
  if (::renameat(from.directory, from.name.c_str(), to.directory, to.name.c_str()) == 0) return {};
  return fail(os_error(errno, from.shown_path));
}

Result<void> remove_file_at(const Location& location) {
  if (auto checked = check_name(location); !checked) return checked;
  if (::unlinkat(location.directory, location.name.c_str(), 0) == 0) return {};
  return fail(os_error(errno, location.shown_path));
}

namespace {

struct CloseStream {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseStream>;

/// None if the file system doesn't say.
std::optional<FileKind> kind_of_entry(unsigned char type) {
  switch (type) {
    case DT_UNKNOWN:
      return std::nullopt;
    case DT_REG:
      return FileKind::regular;
    case DT_DIR:
      return FileKind::directory;
    case DT_LNK:
      return FileKind::symlink;
    default:
      return FileKind::other;
  }
}

class PosixDirectory final : public DirectoryHandle {
 public:
  PosixDirectory(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  [[nodiscard]] Result<FileStatus> status() const override {
    return posix::status_of(descriptor_, path_);
  }
  [[nodiscard]] Result<std::vector<DirectoryEntry>> list() override;
  [[nodiscard]] Result<FileStatus> status_of(const std::string& name,
                                             FollowLinks follow) const override {
    return status_at(location_of(name), follow);
  }
  [[nodiscard]] Result<std::unique_ptr<FileHandle>> open_file(
      const std::string& name) const override {
    return open_file_at(location_of(name));
  }
  [[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_directory(
      const std::string& name) const override {
    return open_directory_at(location_of(name));
  }
  [[nodiscard]] Result<std::unique_ptr<WritableFile>> create_new_file(
      const std::string& name) override {
    return create_new_file_at(location_of(name));
  }
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override {
    return rename_at(location_of(from), location_of(to));
  }
  [[nodiscard]] Result<void> remove_file(const std::string& name) override {
    return remove_file_at(location_of(name));
  }
  [[nodiscard]] Result<void> sync() override { return sync_directory_at(location_of(".")); }

 private:
  [[nodiscard]] Location location_of(const std::string& name) const {
    return inside(descriptor_, path_, name);
  }
  [[nodiscard]] Result<DirectoryStream> open_stream() const;
  /// Nothing if the entry has vanished since the stream named it.
  [[nodiscard]] Result<std::optional<DirectoryEntry>> to_entry(const dirent& raw) const;

  Descriptor descriptor_;
  std::string path_;
};

/// A duplicate, since closing a stream closes its descriptor. Not a fresh open of ".": that needs
/// search permission, listing doesn't. The two share one position, hence the rewind.
Result<DirectoryStream> PosixDirectory::open_stream() const {
  auto copy = duplicate(descriptor_, path_);
  if (!copy) return fail(std::move(copy.error()));
  DirectoryStream stream(::fdopendir(copy->number()));
  if (!stream) return fail(os_error(errno, path_));
  static_cast<void>(copy->release());
  ::rewinddir(stream.get());
  return stream;
}

Result<std::optional<DirectoryEntry>> PosixDirectory::to_entry(const dirent& raw) const {
  DirectoryEntry entry{raw.d_name, FileKind::other};
  if (const auto kind = kind_of_entry(raw.d_type)) {
    entry.kind = *kind;
    return entry;
  }
  const Result<FileStatus> status = status_of(entry.name, FollowLinks::no);
  if (status) {
    entry.kind = status->kind;
    return entry;
  }
  if (status.error().code == ErrorCode::not_found) return std::nullopt;
  return fail(status.error());
}

Result<std::vector<DirectoryEntry>> PosixDirectory::list() {
  auto stream = open_stream();
  if (!stream) return fail(stream.error());
  std::vector<DirectoryEntry> entries;
  for (;;) {
    errno = 0;  // readdir says "end" and "failed" alike; only errno tells them apart
    const dirent* raw = ::readdir(stream->get());
    if (raw == nullptr && errno != 0) return fail(os_error(errno, path_));
    if (raw == nullptr) break;
    const std::string_view name = raw->d_name;
    if (name == "." || name == "..") continue;
    auto entry = to_entry(*raw);
    if (!entry) return fail(entry.error());
    if (*entry) entries.push_back(std::move(**entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return entries;
}

}  // namespace

std::unique_ptr<DirectoryHandle> directory_handle(Descriptor directory, std::string path) {
  return std::make_unique<PosixDirectory>(std::move(directory), std::move(path));
}

Result<std::unique_ptr<DirectoryHandle>> open_directory_at(const Location& location) {
  auto opened = open_at(location, O_RDONLY | O_DIRECTORY);
  if (!opened) return fail(opened.error());
  return directory_handle(std::move(*opened), location.shown_path);
}

namespace {

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  [[nodiscard]] Result<void> write_all(std::string_view bytes) override {
    return posix::write_all(descriptor_.number(), bytes, path_);
  }
  [[nodiscard]] Result<void> flush() override;
  [[nodiscard]] Result<void> sync() override {
    return sync_descriptor(descriptor_.number(), path_);
  }
  [[nodiscard]] Result<FileStatus> status() const override {
    return posix::status_of(descriptor_, path_);
  }

  static Result<void> sync_descriptor(int descriptor, const std::string& path) {
    int status = 0;
    do {
      status = ::fsync(descriptor);
    } while (status != 0 && errno == EINTR);
    if (status != 0) return fail(os_error(errno, path));
    return {};
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

/// Every close of a descriptor flushes, not the last one alone; so the close of a copy does.
Result<void> PosixWritableFile::flush() {
  auto copy = duplicate(descriptor_, path_);
  if (!copy) return fail(copy.error());
  // EINTR: Linux has closed it all the same.
  if (::close(copy->release()) != 0 && errno != EINTR) return fail(os_error(errno, path_));
  return {};
}

}  // namespace

Result<std::unique_ptr<WritableFile>> create_new_file_at(const Location& location) {
  auto opened = try_open_at(location, O_WRONLY | O_CREAT | O_EXCL);
  if (!opened && opened.error() == EEXIST) return std::unique_ptr<WritableFile>();
  if (!opened) return fail(os_error(opened.error(), location.shown_path));
  return std::make_unique<PosixWritableFile>(std::move(*opened), location.shown_path);
}

Result<void> sync_directory_at(const Location& location) {
  const auto opened = open_at(location, O_RDONLY | O_DIRECTORY);
  if (!opened) return fail(opened.error());
  return PosixWritableFile::sync_descriptor(opened->number(), location.shown_path);
}

}  // namespace ktstr::posix
