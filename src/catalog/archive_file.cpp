// SPDX-License-Identifier: MIT
#include "catalog/archive_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/file_system.hpp"
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
  const Descriptor file(
      ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, k_owner_only_file));
  if (file.is_open()) return true;
  return errno == EEXIST ? Result<bool>(false) : fail(os_error(errno, path));
}

Result<ArchiveFileLock> ArchiveFileLock::acquire(const std::string& path, std::int64_t timeout_ms) {
  const std::string lock_path = path + ".lock";
  Descriptor file(::open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, k_owner_only_file));
  if (!file.is_open()) return fail(os_error(errno, lock_path));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(ErrorCode::busy, "another process is making or mending it", path);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ArchiveFileLock(std::move(file));
}

}  // namespace ktstr
