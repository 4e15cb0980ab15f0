// SPDX-License-Identifier: MIT
#include "catalog/archive_file.hpp"

#include <sys/file.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/file_system.hpp"
#include "base/private_file.hpp"
#include "base/safe_open.hpp"
#include "environment/join_path.hpp"
#include "store/run_directory_lock.hpp"

namespace ktstr {
namespace {

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
  if (auto made = make_directories(directory, k_owner_only_directory); !made)
    return fail(std::move(made.error()));
  if (auto local = refuse_remote(directory); !local) return fail(std::move(local.error()));
  return make_empty_file(path, k_owner_only_file);
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
