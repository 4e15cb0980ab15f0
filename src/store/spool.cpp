// SPDX-License-Identifier: MIT
#include "store/spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/private_file.hpp"
#include "store/copy_bytes.hpp"
#include "store/spool_paths.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_new_file_mode = 0666;  // in a directory that is as open as the root
// Two captures may start in one nanosecond, by a clock that doesn't tell them apart.
constexpr int k_name_tries = 100;

Stamp stamp_of(const struct stat& raw) {
  constexpr std::int64_t k_second = 1'000'000'000;
  Stamp stamp;
  stamp.device = raw.st_dev;
  stamp.inode = raw.st_ino;
  stamp.size_bytes = raw.st_size;
  stamp.mtime_ns = std::int64_t{raw.st_mtim.tv_sec} * k_second + raw.st_mtim.tv_nsec;
  stamp.ctime_ns = std::int64_t{raw.st_ctim.tv_sec} * k_second + raw.st_ctim.tv_nsec;
  return stamp;
}

/// Null if something of that name is there.
Result<Descriptor> make_locked_directory(const Descriptor& parent, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  const std::string lock_name = spool_lock_name(name);
  // The lock first: a directory that is not locked is taken for a dead process's.
  auto lock = posix::try_open_at(posix::inside(parent, path.substr(0, slash), lock_name),
                                 O_CREAT | O_EXCL | O_RDWR);
  if (!lock && lock.error() == EEXIST) return Descriptor();
  if (!lock) return fail(os_error(lock.error(), path));
  // Waits for nothing but somebody who is just asking whether it is locked.
  while (::flock(lock->number(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail(os_error(errno, path));
  }
  if (::mkdirat(parent.number(), name.c_str(), openness_of(path.substr(0, slash))) != 0) {
    const int why = errno;
    ::unlinkat(parent.number(), lock_name.c_str(), 0);
    return fail(os_error(why, path));
  }
  return std::move(*lock);
}

}  // namespace

LinkCall system_link() {
  return [](const char* from, int to_directory, const char* to) {
    return ::linkat(AT_FDCWD, from, to_directory, to, AT_SYMLINK_FOLLOW);
  };
}

Spool::Spool(std::string path, Descriptor lock, Clock& clock, LinkCall link)
    : path_(std::move(path)), lock_(std::move(lock)), clock_(&clock), link_(std::move(link)) {}

Result<Spool> Spool::create(const std::string& root, Clock& clock, LinkCall link) {
  // Not with the root: one that is missing is for the harness to make.
  const auto parent = open_spool_parent(root, posix::Missing::is_made);
  if (!parent) return fail(parent.error());
  const std::string name = std::to_string(clock.now_ns()) + '-' + std::to_string(::getpid());
  for (int attempt = 0; attempt < k_name_tries; ++attempt) {
    std::string path = spool_parent(root) + '/' + name;
    if (attempt > 0) path.append("-").append(std::to_string(attempt));
    auto lock = make_locked_directory(*parent, path);
    if (!lock) return fail(lock.error());
    if (!lock->is_open()) continue;
    Spool spool(path, std::move(*lock), clock, std::move(link));
    if (auto opened = spool.begin(); !opened) {
      static_cast<void>(remove_spool(path));
      return fail(opened.error());
    }
    return spool;
  }
  return fail(os_error(EEXIST, spool_parent(root) + '/' + name));
}

Result<void> Spool::begin() {
  auto spool = open_spool(path_);
  if (!spool) return fail(std::move(spool.error()));
  directory_ = std::move(spool->directory);
  auto journal = posix::open_at(posix::inside(directory_, path_, k_spool_journal_name),
                                O_CREAT | O_EXCL | O_WRONLY | O_APPEND);
  if (!journal) return fail(std::move(journal.error()));
  journal_ = std::move(*journal);
  const std::string head = journal_head();
  const int error = write_whole(journal_.number(), head);
  if (error != 0) return fail(os_error(error, path_));
  journal_bytes_ = static_cast<std::int64_t>(head.size());
  return {};
}

tl::expected<Spool::Stored, int> Spool::link(const std::string& path) {
  const std::uint64_t number = ++last_number_;
  const std::string name = std::to_string(number);
  if (link_(path.c_str(), directory_.number(), name.c_str()) != 0) return tl::unexpected(errno);
  return stored_file(number);
}

tl::expected<Spool::Stored, int> Spool::stored_file(std::uint64_t number) {
  // The link is asked, not the path: that may be another file by now.
  const std::string name = std::to_string(number);
  struct stat raw = {};
  const bool is_known =
      ::fstatat(directory_.number(), name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) == 0;
  if (is_known && S_ISREG(raw.st_mode)) return Stored{number, stamp_of(raw), false};
  const int why = is_known ? EINVAL : errno;
  ::unlinkat(directory_.number(), name.c_str(), 0);
  return tl::unexpected(why);
}

tl::expected<Spool::Stored, int> Spool::copy(const std::string& path, std::uint64_t max_bytes) {
  const auto from = posix::try_open_at(posix::at_path(path), O_RDONLY);
  if (!from) return tl::unexpected(from.error());
  struct stat before = {};
  if (::fstat(from->number(), &before) != 0) return tl::unexpected(errno);
  if (!S_ISREG(before.st_mode)) return tl::unexpected(EINVAL);
  if (static_cast<std::uint64_t>(before.st_size) > max_bytes) return tl::unexpected(EFBIG);
  const std::uint64_t number = ++last_number_;
  const std::string name = std::to_string(number);
  const auto to = posix::try_open_at(posix::inside(directory_, path_, name),
                                     O_CREAT | O_EXCL | O_WRONLY, before.st_mode & k_new_file_mode);
  if (!to) return tl::unexpected(to.error());
  int why = copy_bytes(from->number(), to->number(), max_bytes);
  struct stat after = {};
  if (why == 0 && ::fstat(from->number(), &after) != 0) why = errno;
  const Stored stored = {number, stamp_of(after), true};
  const Stamp expected = stamp_of(before);
  if (why == 0 && (stored.stamp.mtime_ns != expected.mtime_ns ||
                   stored.stamp.size_bytes != expected.size_bytes)) {
    why = ESTALE;
  }
  if (why == 0) return stored;
  discard(stored);
  return tl::unexpected(why);
}

Result<void> Spool::record(const Stored& stored, SpoolEntry entry) {
  entry.captured_ns = clock_->now_ns();
  entry.mtime_ns = stored.stamp.mtime_ns;
  entry.size_bytes = stored.stamp.size_bytes;
  entry.is_copy = stored.is_copy;
  const std::string line = journal_line(stored.number, entry);
  const int why = write_whole(journal_.number(), line);
  if (why == 0) {
    journal_bytes_ += static_cast<std::int64_t>(line.size());
    ++recorded_;
    return {};
  }
  // Half a line would spoil the next one. If even this fails, the reader leaves both out.
  static_cast<void>(::ftruncate(journal_.number(), journal_bytes_) == 0);
  discard(stored);
  return fail(os_error(why, path_));
}

void Spool::discard(const Stored& stored) {
  ::unlinkat(directory_.number(), std::to_string(stored.number).c_str(), 0);
}

bool Spool::is_removed() const {
  struct stat raw = {};
  return ::fstat(directory_.number(), &raw) != 0 || raw.st_nlink == 0;
}

}  // namespace ktstr
