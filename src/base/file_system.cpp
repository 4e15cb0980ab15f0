// SPDX-License-Identifier: MIT
#include "base/file_system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/posix_file.hpp"

namespace ktstr {
namespace {

using posix::at_path;
using posix::k_new_directory_mode;

/// "a/b/" -> "a"; "/a" -> "/"; "a" -> "".
std::string parent_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {};
  path.resize(slash == 0 ? 1 : slash);
  return path;
}

bool is_directory(const std::string& path) {
  const auto status = posix::status_at(at_path(path), FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

bool has_nul(const std::string& path) { return path.find('\0') != std::string::npos; }

class PosixFileSystem final : public FileSystem {
 public:
  [[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_directory(
      const std::string& path) override {
    return posix::open_directory_at(at_path(path));
  }
  [[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_to_change(
      const std::string& path, FollowLinks follow) override {
    const int no_link = follow == FollowLinks::no ? O_NOFOLLOW : 0;
    auto opened = posix::open_at(at_path(path), O_PATH | O_DIRECTORY | no_link);
    if (!opened) return fail(std::move(opened.error()));
    return posix::directory_handle(std::move(*opened), path);
  }
  [[nodiscard]] Result<std::unique_ptr<FileHandle>> open_file(const std::string& path) override {
    return posix::open_file_at(at_path(path));
  }
  [[nodiscard]] Result<FileStatus> status(const std::string& path, FollowLinks follow) override {
    return posix::status_at(at_path(path), follow);
  }
  [[nodiscard]] Result<void> create_directories(const std::string& path) override;
  [[nodiscard]] Result<void> write_file(const std::string& path,
                                        const std::string& bytes) override {
    return posix::write_whole_file_at(at_path(path), bytes);
  }
  [[nodiscard]] Result<void> sync_directory(const std::string& path) override {
    return posix::sync_directory_at(at_path(path));
  }
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override {
    return posix::rename_at(at_path(from), at_path(to));
  }
};

/// Tries the leaf first: the usual directory exists, or lacks only its last name. An existing
/// directory counts whatever mkdir said, since a read-only or automounted parent says otherwise.
Result<void> PosixFileSystem::create_directories(const std::string& path) {
  if (has_nul(path)) return fail(os_error(EINVAL, path));
  if (path.empty() || ::mkdir(path.c_str(), k_new_directory_mode) == 0) return {};
  int error_number = errno;
  if (error_number == ENOENT) {
    const std::string parent = parent_of(path);
    if (parent.empty() || parent == path) return fail(os_error(error_number, path));
    if (auto made = create_directories(parent); !made) return made;
    if (::mkdir(path.c_str(), k_new_directory_mode) == 0) return {};
    error_number = errno;
  }
  if (is_directory(path)) return {};
  return fail(os_error(error_number, path));
}

// strerror_r comes in two kinds; overloads take whichever the C library has.
[[maybe_unused]] const char* message_of(int /*status*/, const char* buffer) { return buffer; }
[[maybe_unused]] const char* message_of(const char* text, const char* /*buffer*/) { return text; }

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission;
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    // The system is short of something just now, which says nothing of the file.
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
      return ErrorCode::busy;
    default:
      return ErrorCode::io;
  }
}

}  // namespace

FileSystem& system_file_system() {
  static PosixFileSystem file_system;
  return file_system;
}

Error os_error(int error_number, std::string path) {
  std::array<char, 256> buffer = {};
  std::string message =
      message_of(::strerror_r(error_number, buffer.data(), buffer.size()), buffer.data());
  message += " (os error " + std::to_string(error_number) + ")";
  return Error{code_of(error_number), std::move(message), std::move(path)};
}

}  // namespace ktstr
