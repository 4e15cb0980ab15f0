// SPDX-License-Identifier: MIT
#include "environment/relative_status.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ktstr {
namespace {

// O_PATH needs no right to list a directory, only to pass it.
constexpr int k_directory_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

bool is_at_or_below(std::string_view path, std::string_view directory) {
  return path.substr(0, directory.size()) == directory &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

Presence presence_for(int error_number) {
  if (error_number == 0) return Presence::present;
  // ELOOP: what O_NOFOLLOW says of a link, on some kernels.
  const bool is_missing =
      error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP;
  return is_missing ? Presence::missing : Presence::unknown;
}

}  // namespace

RelativeStatus::RelativeStatus(const std::string& top)
    : top_(::open(top.c_str(), k_directory_flags)), top_error_(top_ < 0 ? errno : 0) {}

RelativeStatus::~RelativeStatus() {
  for (const Level& level : levels_) ::close(level.descriptor);
  if (top_ >= 0) ::close(top_);
}

Presence RelativeStatus::operator()(std::string_view path, struct stat& status) {
  // Without its top there is no tree to compare with, whatever the reason.
  if (top_error_ != 0) return Presence::unknown;
  const std::size_t slash = path.rfind('/');
  const std::size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view directory = path.substr(0, name == 0 ? 0 : slash);
  if (directory != path_) {
    const int error_number = enter(directory);
    if (error_number != 0) return presence_for(error_number);
  }
  const int parent = levels_.empty() ? top_ : levels_.back().descriptor;
  const int failed = ::fstatat(parent, path.data() + name, &status, AT_SYMLINK_NOFOLLOW);
  return presence_for(failed == 0 ? 0 : errno);
}

int RelativeStatus::enter(std::string_view directory) {
  leave_what_is_not_above(directory);
  while (path_.size() < directory.size()) {
    const std::size_t begin = path_.empty() ? 0 : path_.size() + 1;
    const std::size_t end = std::min(directory.find('/', begin), directory.size());
    const int descriptor = open_below(std::string(directory.substr(begin, end - begin)));
    if (descriptor < 0) return -descriptor;
    levels_.push_back({end, descriptor});
    path_ = directory.substr(0, end);
  }
  return 0;
}

void RelativeStatus::leave_what_is_not_above(std::string_view directory) {
  while (!levels_.empty() && !is_at_or_below(directory, path_)) {
    ::close(levels_.back().descriptor);
    levels_.pop_back();
    path_.resize(levels_.empty() ? 0 : levels_.back().length);
  }
}

int RelativeStatus::open_below(const std::string& name) {
  const int parent = levels_.empty() ? top_ : levels_.back().descriptor;
  const int descriptor = ::openat(parent, name.c_str(), k_directory_flags | O_NOFOLLOW);
  return descriptor < 0 ? -errno : descriptor;
}

}  // namespace ktstr
