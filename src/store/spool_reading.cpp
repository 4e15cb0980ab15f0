// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "store/spool.hpp"
#include "store/spool_paths.hpp"

namespace ktstr {
namespace {

constexpr std::uint64_t k_max_journal_bytes = 1ULL << 30;

/// Asks with a shared lock, so that two who ask don't take each other for its owner.
bool is_in_use(const std::string& spool) {
  const Descriptor lock(::open(spool_lock_path(spool).c_str(), O_RDONLY | O_CLOEXEC));
  return lock.is_open() && ::flock(lock.number(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::optional<SpooledFile> find_file(const std::string& spool, JournalLine line) {
  SpooledFile file;
  file.path = spool + '/' + std::to_string(line.number);
  const auto status = system_file_system().status(file.path, FollowLinks::no);
  if (!status || status->kind != FileKind::regular) return std::nullopt;
  file.is_changed = !line.entry.is_copy && (status->stamp.mtime_ns != line.entry.mtime_ns ||
                                            status->stamp.size_bytes != line.entry.size_bytes);
  file.entry = std::move(line.entry);
  return file;
}

}  // namespace

std::vector<FoundSpool> list_spools(const std::string& root) {
  std::vector<FoundSpool> spools;
  const auto directory = system_file_system().open_directory(spool_parent(root));
  if (!directory) return spools;
  const auto entries = (*directory)->list();
  if (!entries) return spools;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != FileKind::directory) continue;
    const std::string path = spool_parent(root) + '/' + entry.name;
    spools.push_back({path, is_in_use(path)});
  }
  return spools;
}

Result<std::optional<SpoolClaim>> SpoolClaim::take(const std::string& path) {
  const auto is_there = [&] {
    return system_file_system().status(path, FollowLinks::no).has_value();
  };
  if (!is_there()) return std::optional<SpoolClaim>();
  Descriptor lock(
      ::open(spool_lock_path(path).c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!lock.is_open()) return fail(os_error(errno, spool_lock_path(path)));
  if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<SpoolClaim>();
    return fail(os_error(errno, spool_lock_path(path)));
  }
  if (!is_there()) {  // its last owner removed it, and the lock was made anew by us
    ::unlink(spool_lock_path(path).c_str());
    return std::optional<SpoolClaim>();
  }
  return std::optional<SpoolClaim>(SpoolClaim(std::move(lock)));
}

Result<std::vector<SpooledFile>> read_spool(const std::string& path) {
  const std::string journal_path = path + '/' + k_spool_journal_name;
  const auto journal = system_file_system().open_file(journal_path);
  std::vector<SpooledFile> files;
  // Killed before it was made.
  if (!journal && journal.error().code == ErrorCode::not_found) return files;
  if (!journal) return fail(journal.error());
  const auto text = (*journal)->read_all(k_max_journal_bytes);
  if (!text) return fail(text.error());
  auto lines = parse_journal(*text);
  if (!lines) return fail(lines.error().code, lines.error().message, journal_path);
  for (JournalLine& line : *lines) {
    if (auto file = find_file(path, std::move(line))) files.push_back(std::move(*file));
  }
  return files;
}

Result<void> remove_spool(const std::string& path) {
  std::error_code why;
  std::filesystem::remove_all(path, why);
  if (why) return fail(os_error(why.value(), path));
  // Last: without its lock the spool would be anybody's.
  if (::unlink(spool_lock_path(path).c_str()) != 0 && errno != ENOENT) {
    return fail(os_error(errno, spool_lock_path(path)));
  }
  return {};
}

}  // namespace ktstr
