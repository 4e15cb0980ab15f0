// SPDX-License-Identifier: MIT
#include "capture/spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/private_file.hpp"
#include "base/visible_text.hpp"
#include "capture/spool_journal.hpp"
#include "store/staged_file.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_new_file_mode = 0666;  // in a directory that is as open as the root
// Two captures may start in one nanosecond, by a clock that doesn't tell them apart.
constexpr int k_name_tries = 100;

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
  if (is_known && S_ISREG(raw.st_mode)) return Stored{number, posix::stamp_of(raw), false};
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
  const Stored stored = {number, posix::stamp_of(after), true};
  const Stamp expected = posix::stamp_of(before);
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

namespace {

constexpr std::uint64_t k_max_journal_bytes = 1ULL << 30;
constexpr const char* k_left_alone = "; it is left alone";

tl::unexpected<Error> not_a_spool(const std::string& path, const std::string& why) {
  return fail(ErrorCode::corrupt, "not a spool of ours: " + why + k_left_alone, path);
}

/// An error: a lock that is none. Asks with a shared lock, so that two who ask don't take each
/// other for its owner.
Result<bool> is_in_use(const posix::Location& lock_file) {
  const auto lock = posix::open_own_file_at(lock_file, O_RDONLY);
  if (!lock && lock.error().code == ErrorCode::io) return fail(lock.error());
  return lock && ::flock(lock->number(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::optional<SpooledFile> find_file(const OpenSpool& spool, JournalLine line) {
  const posix::Location location = spool.inside(std::to_string(line.number));
  SpooledFile file;
  file.path = location.shown_path;
  const auto opened = posix::open_own_file_at(location, O_RDONLY);
  const auto status = opened ? posix::status_of(*opened, file.path) : fail(opened.error());
  if (!status) return std::nullopt;
  file.is_changed = !line.entry.is_copy && (status->stamp.mtime_ns != line.entry.mtime_ns ||
                                            status->stamp.size_bytes != line.entry.size_bytes);
  file.entry = std::move(line.entry);
  return file;
}

/// None: there is no journal.
Result<std::optional<std::string>> read_journal(const OpenSpool& spool) {
  auto journal = posix::open_own_file_at(spool.inside(k_spool_journal_name), O_RDONLY);
  if (!journal && journal.error().code == ErrorCode::not_found) return std::optional<std::string>();
  if (!journal) return fail(std::move(journal.error()));
  auto text = posix::file_handle(std::move(*journal), spool.inside(k_spool_journal_name).shown_path)
                  ->read_all(k_max_journal_bytes);
  if (!text) return fail(std::move(text.error()));
  return std::optional(std::move(*text));
}

/// What a spool is: a journal with our head, or as much of it as a killed process wrote; or nothing
/// at all, since the journal is made first and removed last.
Result<std::vector<JournalLine>> recognize(const OpenSpool& spool,
                                           const std::vector<DirectoryEntry>& entries) {
  const auto text = read_journal(spool);
  if (!text) return not_a_spool(spool.path, text.error().text());
  if (!*text) {
    if (entries.empty()) return std::vector<JournalLine>();
    return not_a_spool(spool.path, "it has no journal");
  }
  auto lines = parse_journal(**text);
  if (!lines && lines.error().code == ErrorCode::corrupt) {
    return not_a_spool(spool.path, lines.error().message);
  }
  if (!lines) return fail(lines.error().code, lines.error().message, spool.path);
  const bool has_whole_line = (*text)->find('\n') != std::string::npos;
  if (has_whole_line || journal_head().starts_with(**text)) return lines;
  return not_a_spool(spool.path, "its journal doesn't begin as one");
}

Result<std::vector<DirectoryEntry>> entries_of(const OpenSpool& spool) {
  auto copy = posix::duplicate(spool.directory, spool.path);
  if (!copy) return fail(std::move(copy.error()));
  return posix::directory_handle(std::move(*copy), spool.path)->list();
}

Result<void> unlink_at(const posix::Location& location, int flags = 0) {
  if (::unlinkat(location.directory, location.name.c_str(), flags) == 0 || errno == ENOENT) {
    return {};
  }
  return fail(os_error(errno, location.shown_path));
}

/// The numbered files; an error if there is more than a spool has, which stays, as does the rest.
Result<void> remove_files(const OpenSpool& spool, const std::vector<DirectoryEntry>& entries) {
  std::string stranger;
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == k_spool_journal_name) continue;
    if (entry.kind != FileKind::regular || !is_spooled_file_name(entry.name)) {
      if (stranger.empty()) stranger = entry.name;
      continue;
    }
    if (auto removed = unlink_at(spool.inside(entry.name)); !removed) return removed;
  }
  if (stranger.empty()) return {};
  return fail(ErrorCode::corrupt,
              "holds '" + escape_control(stranger) + "', which is not ours" + k_left_alone,
              spool.path);
}

}  // namespace

SpoolListing list_spools(const std::string& root) {
  SpoolListing found;
  auto parent = open_spool_parent(root, posix::Missing::is_an_error);
  if (!parent && parent.error().code == ErrorCode::io) {
    parent.error().message += k_left_alone;
    found.not_ours.push_back(parent.error());
  }
  if (!parent) return found;
  const std::string path = spool_parent(root);
  auto copy = posix::duplicate(*parent, path);
  if (!copy) return found;
  const auto entries = posix::directory_handle(std::move(*copy), path)->list();
  if (!entries) return found;
  for (const DirectoryEntry& entry : *entries) {
    const bool is_lock = entry.name.ends_with(".lock");
    if (is_lock && is_spool_name(entry.name.substr(0, entry.name.size() - 5))) continue;
    const posix::Location place = posix::inside(*parent, path, entry.name);
    if (entry.kind != FileKind::directory || !is_spool_name(entry.name)) {
      found.not_ours.push_back({ErrorCode::corrupt,
                                std::string("not a spool of ours") + k_left_alone,
                                place.shown_path});
      continue;
    }
    const auto in_use = is_in_use(posix::inside(*parent, path, spool_lock_name(entry.name)));
    if (in_use) {
      found.spools.push_back({place.shown_path, *in_use});
    } else {
      found.not_ours.push_back(in_use.error());
    }
  }
  return found;
}

Result<std::optional<SpoolClaim>> SpoolClaim::take(const std::string& path) {
  const auto spool = open_spool(path);
  if (!spool) return fail(spool.error());
  if (!spool->directory.is_open()) return std::optional<SpoolClaim>();
  auto lock = posix::open_own_file_at(spool->lock(), O_CREAT | O_RDWR);
  if (!lock) return fail(std::move(lock.error()));
  if (::flock(lock->number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<SpoolClaim>();
    return fail(os_error(errno, spool->lock().shown_path));
  }
  const auto again = open_spool(path);
  if (again && !again->directory.is_open()) {
    // Its last owner removed it, and the lock was made anew by us.
    static_cast<void>(unlink_at(spool->lock()));
    return std::optional<SpoolClaim>();
  }
  return std::optional<SpoolClaim>(SpoolClaim(std::move(*lock)));
}

Result<std::vector<SpooledFile>> read_spool(const std::string& path) {
  std::vector<SpooledFile> files;
  const auto spool = open_spool(path);
  if (!spool) return fail(spool.error());
  if (!spool->directory.is_open()) return files;
  const auto entries = entries_of(*spool);
  if (!entries) return fail(entries.error());
  auto lines = recognize(*spool, *entries);
  if (!lines) return fail(std::move(lines.error()));
  for (JournalLine& line : *lines) {
    if (auto file = find_file(*spool, std::move(line))) files.push_back(std::move(*file));
  }
  return files;
}

Result<std::unique_ptr<FileHandle>> open_spooled_file(const SpooledFile& file) {
  const std::size_t slash = file.path.rfind('/');
  const auto spool = open_spool(file.path.substr(0, slash));
  if (!spool) return fail(spool.error());
  if (!spool->directory.is_open()) return fail(os_error(ENOENT, file.path));
  auto opened = posix::open_own_file_at(spool->inside(file.path.substr(slash + 1)), O_RDONLY);
  if (!opened) return fail(std::move(opened.error()));
  return posix::file_handle(std::move(*opened), file.path);
}

Result<void> remove_spool(const std::string& path) {
  const auto spool = open_spool(path);
  if (!spool) return fail(spool.error());
  if (spool->directory.is_open()) {
    const auto entries = entries_of(*spool);
    if (!entries) return fail(entries.error());
    if (auto ours = recognize(*spool, *entries); !ours) return fail(std::move(ours.error()));
    if (auto removed = remove_files(*spool, *entries); !removed) return removed;
    if (auto removed = unlink_at(spool->inside(k_spool_journal_name)); !removed) return removed;
    const posix::Location place =
        posix::inside(spool->parent, path.substr(0, path.rfind('/')), spool->name);
    if (auto removed = unlink_at(place, AT_REMOVEDIR); !removed) return removed;
  }
  if (!spool->parent.is_open()) return {};
  const std::string kind = posix::kind_at(spool->lock());
  if (!kind.empty() && kind != posix::k_regular_kind) {
    return fail(ErrorCode::corrupt, kind + ", not a file of ours" + k_left_alone,
                spool->lock().shown_path);
  }
  // Last: without its lock the spool would be anybody's.
  return unlink_at(spool->lock());
}

}  // namespace ktstr
