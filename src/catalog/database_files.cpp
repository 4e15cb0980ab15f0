// SPDX-License-Identifier: MIT
#include "catalog/database_files.hpp"

#include <utility>

#include "base/safe_open.hpp"
#include "environment/locations.hpp"

namespace ktstr {
namespace {

constexpr const char* k_hint = "look at it, and remove it or put it elsewhere";

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
  for (const char* const suffix : {"-wal", "-shm", "-journal"}) {
    if (auto checked = check(path + suffix, FollowLinks::no); !checked) return checked;
  }
  return {};
}

}  // namespace ktstr
