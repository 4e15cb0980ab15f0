// SPDX-License-Identifier: MIT
#include "catalog/archive_file.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "base/safe_open.hpp"
#include "environment/join_path.hpp"
#include "store/run_directory_lock.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_owner_only_directory = 0700;
constexpr mode_t k_owner_only_file = 0600;

Result<void> make_directories(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0) {
    return S_ISDIR(status.st_mode) ? Result<void>() : fail(os_error(ENOTDIR, path));
  }
  if (path != "/") {
    if (auto made = make_directories(directory_of(path)); !made) return made;
  }
  if (::mkdir(path.c_str(), k_owner_only_directory) == 0 || errno == EEXIST) return {};
  return fail(os_error(errno, path));
}

Result<void> refuse_remote(const std::string& directory) {
  struct statfs raw = {};
  if (::statfs(directory.c_str(), &raw) != 0) return {};
  const auto remote = remote_file_system(static_cast<std::uint32_t>(raw.f_type));
  if (!remote) return {};
  return fail(ErrorCode::usage,
              std::string("an archive can't be on ") + remote->name +
                  ": a database that several processes write to needs locks that hold",
              directory, "name a place on a local file system with --archive, or --archive off");
}

}  // namespace

Result<bool> make_archive_file(const std::string& path) {
  const std::string directory = directory_of(path);
  if (auto made = make_directories(directory); !made) return fail(std::move(made.error()));
  if (auto local = refuse_remote(directory); !local) return fail(std::move(local.error()));
  const auto file =
      posix::try_open_at(posix::at_path(path), O_CREAT | O_EXCL | O_RDWR, k_owner_only_file);
  if (file) return true;
  return file.error() == EEXIST ? Result<bool>(false) : fail(os_error(file.error(), path));
}

bool is_database_file(const std::string& path) {
  constexpr std::string_view k_magic("SQLite format 3\0", 16);
  const auto file = posix::open_regular_at(posix::at_path(path), O_RDONLY);
  if (!file) return true;
  char head[k_magic.size()] = {};
  const ssize_t size = ::read(file->number(), head, sizeof head);
  return size <= 0 || std::string_view(head, static_cast<std::size_t>(size)) == k_magic;
}

Result<ArchiveFileLock> ArchiveFileLock::acquire(const std::string& path, std::int64_t timeout_ms) {
  const std::string lock_path = path + ".lock";
  auto file =
      posix::open_own_file_at(posix::at_path(lock_path), O_CREAT | O_RDWR, k_owner_only_file);
  if (!file) return fail(std::move(file.error()));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (::flock(file->number(), LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(ErrorCode::busy, "another process is making or mending it", path);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ArchiveFileLock(std::move(*file));
}

}  // namespace ktstr
