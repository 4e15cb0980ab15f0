// SPDX-License-Identifier: MIT
#include "base/safe_open.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/private_file.hpp"

namespace ktstr {

int write_whole(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace ktstr

namespace ktstr::posix {
namespace {

std::string kind_text(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return k_regular_kind;
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

tl::unexpected<Error> not_wanted(const std::string& kind, const char* wanted,
                                 const Location& location) {
  return fail(ErrorCode::io, kind + ", not " + wanted, location.shown_path);
}

/// An open that failed: in the system's words, unless it is for what stands there.
tl::unexpected<Error> refused(int why, const Location& location, const char* wanted) {
  // ENXIO: a socket, or a FIFO or device with nobody behind it.
  const bool is_kind = why == ELOOP || why == ENOTDIR || why == ENXIO;
  const std::string kind = is_kind ? kind_at(location) : std::string();
  if (kind.empty()) return fail(os_error(why, location.shown_path));
  return not_wanted(kind, wanted, location);
}

Result<Descriptor> regular(const Location& location, int flags, mode_t mode, const char* wanted) {
  auto opened = try_open_at(location, flags, mode);
  if (!opened) return refused(opened.error(), location, wanted);
  struct stat status = {};
  if (::fstat(opened->number(), &status) != 0) return fail(os_error(errno, location.shown_path));
  if (S_ISREG(status.st_mode)) return std::move(*opened);
  return not_wanted(kind_text(status.st_mode), wanted, location);
}

}  // namespace

Location at_path(std::string path) {
  std::string shown = path;
  return {AT_FDCWD, std::move(path), std::move(shown)};
}

Location inside(const Descriptor& directory, const std::string& directory_path,
                const std::string& name) {
  const bool has_slash = !directory_path.empty() && directory_path.back() == '/';
  return {directory.number(), name, directory_path + (has_slash ? "" : "/") + name};
}

tl::expected<Descriptor, int> try_open_at(const Location& location, int flags, mode_t mode) {
  // A NUL would silently cut the name that the system sees.
  if (location.name.find('\0') != std::string::npos) return tl::unexpected(EINVAL);
  int number = -1;
  do {
    number = ::openat(location.directory, location.name.c_str(),
                      flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);
  } while (number < 0 && errno == EINTR);
  if (number < 0) return tl::unexpected(errno);
  return Descriptor(number);
}

Result<Descriptor> open_at(const Location& location, int flags, mode_t mode) {
  auto opened = try_open_at(location, flags, mode);
  if (!opened) return fail(os_error(opened.error(), location.shown_path));
  return std::move(*opened);
}

Result<Descriptor> open_regular_at(const Location& location, int flags, mode_t mode) {
  return regular(location, flags, mode, "a regular file");
}

Result<Descriptor> open_own_file_at(const Location& location, int flags, mode_t mode) {
  return regular(location, flags | O_NOFOLLOW, mode, "a file of ours");
}

Result<Descriptor> open_own_directory_at(const Location& location, Missing missing, mode_t mode) {
  constexpr int k_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  auto opened = try_open_at(location, k_flags);
  if (!opened && opened.error() == ENOENT && missing == Missing::is_made) {
    const int made = ::mkdirat(location.directory, location.name.c_str(), mode) == 0 ? 0 : errno;
    if (made != 0 && made != EEXIST) return fail(os_error(made, location.shown_path));
    opened = try_open_at(location, k_flags);
  }
  if (!opened) return refused(opened.error(), location, "a directory of ours");
  return std::move(*opened);
}

Result<Descriptor> open_own_directories(const std::string& top,
                                        std::initializer_list<const char*> names, Missing missing) {
  // O_PATH: one may pass through it who may not list it.
  auto current = open_at(at_path(top), O_PATH | O_DIRECTORY);
  std::string path = top;
  for (const char* const name : names) {
    if (!current) break;
    const Location location = inside(*current, path, name);
    auto next = open_own_directory_at(location, Missing::is_an_error);
    const bool is_to_be_made =
        missing == Missing::is_made && !next && next.error().code == ErrorCode::not_found;
    // How open the top is costs a look at each directory above it, and most are there.
    if (is_to_be_made) next = open_own_directory_at(location, missing, openness_of(top));
    path = location.shown_path;
    current = std::move(next);
  }
  return current;
}

Result<Descriptor> duplicate(const Descriptor& opened, const std::string& path) {
  Descriptor copy(::fcntl(opened.number(), F_DUPFD_CLOEXEC, 0));
  if (!copy.is_open()) return fail(os_error(errno, path));
  return copy;
}

std::string kind_at(const Location& location, FollowLinks follow) {
  struct stat status = {};
  const int flags = follow == FollowLinks::yes ? 0 : AT_SYMLINK_NOFOLLOW;
  const int failed = ::fstatat(location.directory, location.name.c_str(), &status, flags);
  return failed == 0 ? kind_text(status.st_mode) : std::string();
}

bool is_same_file(const std::string& left, const std::string& right) {
  struct stat one = {};
  struct stat other = {};
  return ::stat(left.c_str(), &one) == 0 && ::stat(right.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace ktstr::posix
