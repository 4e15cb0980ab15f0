// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/posix_file.hpp"

namespace ktstr::posix {
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

}  // namespace ktstr::posix
