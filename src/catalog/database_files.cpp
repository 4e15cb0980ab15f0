// SPDX-License-Identifier: MIT
#include "catalog/database_files.hpp"

#include <sys/stat.h>

#include <utility>

#include "base/safe_open.hpp"
#include "environment/locations.hpp"

namespace ktstr {
namespace {

constexpr const char* k_hint = "look at it, and remove it or put it elsewhere";

constexpr const char* k_logs[] = {"-wal", "-shm", "-journal"};

bool has_other_names(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 1;
}

std::string shared_log(const std::string& path) {
  for (const char* const suffix : k_logs) {
    if (has_other_names(path + suffix)) return path + suffix;
  }
  return {};
}

Result<void> check(const std::string& path, FollowLinks follow) {
  const std::string kind = posix::kind_at(posix::at_path(path), follow);
  if (kind.empty() || kind == posix::k_regular_kind) return {};
  return fail(ErrorCode::io, kind + ", not a database", path, k_hint);
}

}  // namespace

Result<void> make_index_directory(const std::string& root) {
  auto opened =
      posix::open_own_directories(root, {k_index_directory_name}, posix::Missing::is_made);
  if (opened) return {};
  if (opened.error().code == ErrorCode::io) opened.error().hint = k_hint;
  return fail(std::move(opened.error()));
}

Result<void> check_database_files(const std::string& path, FollowLinks follow) {
  if (auto checked = check(path, follow); !checked) return checked;
  for (const char* const suffix : k_logs) {
    if (auto checked = check(path + suffix, FollowLinks::no); !checked) return checked;
  }
  return {};
}

bool has_log(const std::string& path) {
  const auto log = system_file_system().status(path + "-wal", FollowLinks::yes);
  return log && log->stamp.size_bytes > 0;
}

std::string shared_database_file(const std::string& path) {
  return has_other_names(path) ? path : shared_log(path);
}

Result<void> check_archive_files(const std::string& path) {
  if (auto checked = check_database_files(path, FollowLinks::yes); !checked) return checked;
  const std::string shared = shared_log(path);
  if (shared.empty()) return {};
  return fail(ErrorCode::io, "has another name on its disk (a hard link): not the archive's alone",
              shared, "copy the archive and its logs to another directory, and name that");
}

}  // namespace ktstr
