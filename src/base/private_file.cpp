// SPDX-License-Identifier: MIT
#include "base/private_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_all = 0777;
constexpr mode_t k_group = 0070;
constexpr mode_t k_others = 0007;

/// Whoever can't pass through a directory doesn't reach what is in it.
mode_t closed_by(const std::filesystem::path& directory) {
  struct stat status = {};
  if (::stat(directory.c_str(), &status) != 0) return k_group | k_others;
  mode_t closed = 0;
  if ((status.st_mode & S_IXGRP) == 0) closed |= k_group;
  if ((status.st_mode & S_IXOTH) == 0) closed |= k_others;
  return closed;
}

}  // namespace

mode_t openness_of(const std::string& directory) {
  std::error_code failed;
  const auto canonical = std::filesystem::canonical(directory, failed);
  struct stat status = {};
  if (failed || ::stat(canonical.c_str(), &status) != 0) return k_owner_only_directory;
  mode_t open = status.st_mode & k_all;
  for (auto above = canonical; above.has_relative_path();) {
    above = above.parent_path();
    open &= ~closed_by(above);
  }
  return open | k_owner_only_directory;
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0) {
    return S_ISDIR(status.st_mode) ? Result<void>() : fail(os_error(ENOTDIR, path));
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (!parent.empty() && parent != path) {
    if (auto made = make_directories(parent, mode); !made) return made;
  }
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return fail(os_error(errno, path));
}

Result<bool> make_empty_file(const std::string& path, mode_t mode) {
  const auto file = posix::try_open_at(posix::at_path(path), O_CREAT | O_EXCL | O_RDWR, mode);
  if (file) return true;
  return file.error() == EEXIST ? Result<bool>(false) : fail(os_error(file.error(), path));
}

void tighten(const std::string& path, mode_t mode) {
  const auto file = posix::try_open_at(posix::at_path(path), O_RDONLY | O_NOFOLLOW);
  struct stat status = {};
  if (!file || ::fstat(file->number(), &status) != 0) return;
  // A file of several names may be meant for others by another one.
  const bool is_ours =
      status.st_uid == ::geteuid() && (S_ISDIR(status.st_mode) || status.st_nlink == 1);
  const mode_t bits = status.st_mode & k_all;
  if (is_ours && (bits & ~mode) != 0) static_cast<void>(::fchmod(file->number(), bits & mode));
}

}  // namespace ktstr
