// SPDX-License-Identifier: MIT
#include "library/snapshot.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/safe_open.hpp"
#include "environment/join_path.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_owner_only = 0600;

bool is_same_file(const std::string& left, const std::string& right) {
  struct stat one = {};
  struct stat other = {};
  return ::stat(left.c_str(), &one) == 0 && ::stat(right.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// SQLite would take a log beside a file for that file's, whoever left it there.
Result<void> check_target(SQLite::Database& database, const std::string& path, bool replace) {
  if (is_same_file(database.getFilename(), path)) {
    return fail(ErrorCode::usage, "is what a snapshot is to be made of", path);
  }
  struct stat status = {};
  for (const char* ending : {"-wal", "-journal"}) {
    if (::lstat((path + ending).c_str(), &status) != 0) continue;
    return fail(ErrorCode::usage, "a database of that name is in use, or was left in the middle",
                path + ending, "name another file");
  }
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (S_ISDIR(status.st_mode)) return fail(os_error(EISDIR, path));
  if (replace) return {};
  return fail(ErrorCode::io, "is there already", path, "--force replaces it");
}

/// The name, or the error number of the link or rename.
int publish(const std::string& from, const std::string& to, bool replace) {
  if (replace) return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

Result<std::int64_t> finish(const std::string& staging, const std::string& path, bool replace) {
  const auto file = posix::open_own_file_at(posix::at_path(staging), O_RDONLY);
  if (!file) return fail(file.error());
  struct stat status = {};
  if (::fsync(file->number()) != 0 || ::fstat(file->number(), &status) != 0)
    return fail(os_error(errno, path));
  if (const int error = publish(staging, path, replace); error != 0) {
    return fail(os_error(error, path));
  }
  auto synced = system_file_system().sync_directory(directory_of(path));
  if (!synced) return fail(std::move(synced.error()));
  return static_cast<std::int64_t>(status.st_size);
}

Result<std::int64_t> fill(SQLite::Database& database, const std::string& staging,
                          const std::string& path, bool replace) {
  auto copied = guarded(path, [&] {
    SQLite::Statement vacuum(database, "VACUUM INTO ?");
    vacuum.bind(1, staging);
    vacuum.exec();
  });
  if (!copied) {
    if (copied.error().code == ErrorCode::corrupt) copied.error().path = database.getFilename();
    return fail(std::move(copied.error()));
  }
  return finish(staging, path, replace);
}

}  // namespace

Result<std::int64_t> write_snapshot(SQLite::Database& database, const std::string& path,
                                    bool replace) {
  if (auto checked = check_target(database, path, replace); !checked) {
    return fail(std::move(checked.error()));
  }
  // SQLite fills an empty file, but would make one that everybody can read.
  const std::string staging = path + ".part-" + std::to_string(::getpid());
  const auto made =
      posix::open_at(posix::at_path(staging), O_CREAT | O_EXCL | O_WRONLY, k_owner_only);
  if (!made) return fail(made.error());
  auto written = fill(database, staging, path, replace);
  if (!written) {
    ::unlink(staging.c_str());
    ::unlink((staging + "-journal").c_str());
  }
  return written;
}

}  // namespace ktstr
