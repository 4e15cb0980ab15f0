// SPDX-License-Identifier: MIT
#include "library/restore_tree.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/safe_open.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_file_mode = 0644;
constexpr mode_t k_directory_mode = 0755;
constexpr std::int64_t k_ns_per_s = 1'000'000'000;

Result<std::string> read_all(int file, std::uint64_t most_bytes) {
  std::string bytes;
  char buffer[1 << 16];
  while (bytes.size() <= most_bytes) {
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(os_error(errno));
    if (got == 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  return bytes;
}

int set_mtime(int file, std::int64_t mtime_ns) {
  std::int64_t seconds = mtime_ns / k_ns_per_s;
  if (mtime_ns % k_ns_per_s < 0) --seconds;
  const timespec times[2] = {{0, UTIME_NOW}, {seconds, mtime_ns - seconds * k_ns_per_s}};
  return ::futimens(file, times) == 0 ? 0 : errno;
}

/// Never over what is there, where the file system can do that in one step.
int move_new(int directory, const char* from, const char* to) {
  if (::renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::linkat(directory, from, directory, to, 0) != 0) return errno;
  ::unlinkat(directory, from, 0);
  return 0;
}

}  // namespace

bool is_plain_component(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

std::string TreePath::text() const {
  std::string text;
  for (const std::string& directory : directories) text += directory + "/";
  return text + file_name;
}

Error RestoreTree::error_at(int error_number, const TreePath& path) const {
  Error error = os_error(error_number, path_ + "/" + path.text());
  if (error_number == ELOOP || error_number == ENOTDIR) {
    error.message = "a link or a file is where a directory should be; nothing is written there";
  }
  return error;
}

Result<Descriptor> RestoreTree::open_top(bool make) const {
  if (make) {
    if (auto made = system_file_system().create_directories(path_); !made) {
      return fail(std::move(made.error()));
    }
  }
  // The user's own words: links on the way to it are his.
  auto top = posix::try_open_at(posix::at_path(path_), O_RDONLY | O_DIRECTORY);
  if (top) return std::move(*top);
  if (top.error() == ENOENT && !make) return Descriptor();
  return fail(os_error(top.error(), path_));
}

Result<Descriptor> RestoreTree::open_directory(const std::vector<std::string>& directories,
                                               bool make) const {
  auto current = open_top(make);
  if (!current || !current->is_open()) return current;
  for (const std::string& name : directories) {
    if (!is_plain_component(name)) return fail(error_at(EINVAL, {directories, ""}));
    if (make && ::mkdirat(current->number(), name.c_str(), k_directory_mode) != 0 &&
        errno != EEXIST) {
      return fail(error_at(errno, {directories, ""}));
    }
    auto next = posix::try_open_at(posix::inside(*current, path_, name),
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!next && next.error() == ENOENT && !make) return Descriptor();
    if (!next) return fail(error_at(next.error(), {directories, ""}));
    *current = std::move(*next);
  }
  return current;
}

bool RestoreTree::has_directory(const std::vector<std::string>& directories) const {
  const auto directory = open_directory(directories, false);
  return directory && directory->is_open();
}

Result<std::optional<std::string>> RestoreTree::read(const TreePath& path,
                                                     std::uint64_t most_bytes) const {
  const auto directory = open_directory(path.directories, false);
  if (!directory) return fail(directory.error());
  if (!directory->is_open()) return std::optional<std::string>();
  const auto file =
      posix::open_own_file_at(posix::inside(*directory, path_, path.file_name), O_RDONLY);
  if (!file) return std::optional<std::string>();
  auto bytes = read_all(file->number(), most_bytes);
  if (!bytes) return std::optional<std::string>();
  return std::optional(std::move(*bytes));
}

Result<Standing> RestoreTree::look(const TreePath& path, std::string_view bytes) const {
  if (!is_plain_component(path.file_name)) return fail(error_at(EINVAL, path));
  const auto directory = open_directory(path.directories, false);
  if (!directory) return fail(directory.error());
  if (!directory->is_open()) return Standing::absent;
  struct stat status = {};
  if (::fstatat(directory->number(), path.file_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Result<Standing>(Standing::absent) : fail(error_at(errno, path));
  }
  const bool may_be_same =
      S_ISREG(status.st_mode) && static_cast<std::size_t>(status.st_size) == bytes.size();
  if (!may_be_same) return Standing::different;
  const auto there = read(path, bytes.size());
  if (!there) return fail(there.error());
  return *there == bytes ? Standing::same : Standing::different;
}

Result<void> RestoreTree::write_staged(const Descriptor& directory, const std::string& staging,
                                       std::string_view bytes,
                                       std::optional<std::int64_t> mtime_ns) const {
  const auto file = posix::open_at(posix::inside(directory, path_, staging),
                                   O_WRONLY | O_CREAT | O_EXCL, k_file_mode);
  if (!file) return fail(file.error());
  int error = write_whole(file->number(), bytes);
  if (error == 0 && mtime_ns) error = set_mtime(file->number(), *mtime_ns);
  return error == 0 ? Result<void>() : fail(os_error(error));
}

Result<void> RestoreTree::put(const TreePath& path, std::string_view bytes,
                              std::optional<std::int64_t> mtime_ns, bool replace) {
  if (!is_plain_component(path.file_name)) return fail(error_at(EINVAL, path));
  const auto directory = open_directory(path.directories, true);
  if (!directory) return fail(directory.error());
  const int number = directory->number();
  // No walk takes it for a result.
  const std::string staging =
      ".restoring-" + std::to_string(::getpid()) + "-" + std::to_string(++staged_);
  auto written = write_staged(*directory, staging, bytes, mtime_ns);
  if (written) {
    const char* const to = path.file_name.c_str();
    const int error = !replace ? move_new(number, staging.c_str(), to)
                               : (::renameat(number, staging.c_str(), number, to) == 0 ? 0 : errno);
    if (error != 0) written = fail(os_error(error));
  }
  if (written) return written;
  ::unlinkat(number, staging.c_str(), 0);
  written.error().path = path_ + "/" + path.text();
  return written;
}

}  // namespace ktstr
