// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/posix_file.hpp"

namespace ktstr::posix {
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

Result<void> sync_directory(const std::string& path) {
  const auto opened = open_at(at_path(path), O_RDONLY | O_DIRECTORY);
  if (!opened) return fail(opened.error());
  return PosixWritableFile::sync_descriptor(opened->number(), path);
}

}  // namespace ktstr::posix
