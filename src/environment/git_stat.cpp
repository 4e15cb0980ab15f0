// SPDX-License-Identifier: MIT
#include "environment/git_stat.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;

// A file system stamps files with a clock that ticks every 1 to 10 ms. A file that was written
// twice in one tick, the index in the next, has its second content behind the first one's stamp.
constexpr std::int64_t k_racy_margin_ns = 20'000'000;

// SHA-1 of an empty blob, the one content whose recorded size of 0 is to be believed.
constexpr GitName k_empty_blob = {0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b,
                                  0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4, 0x8c, 0x53, 0x91};

std::int64_t to_ns(const GitTime& time) {
  return std::int64_t{time.seconds} * k_second_ns + time.nanoseconds;
}

GitTime to_time(const timespec& time) {
  return {static_cast<std::uint32_t>(time.tv_sec), static_cast<std::uint32_t>(time.tv_nsec)};
}

bool is_same_time(const GitTime& recorded, const GitTime& now, bool use_nanoseconds) {
  if (recorded.seconds != now.seconds) return false;
  return !use_nanoseconds || recorded.nanoseconds == 0 || now.nanoseconds == 0 ||
         recorded.nanoseconds == now.nanoseconds;
}

/// True if the file could have been changed after git looked at it and still show the same mtime.
bool is_racy(const GitTime& recorded, const GitTime& index_written) {
  if (recorded.nanoseconds == 0 || index_written.nanoseconds == 0) {
    return recorded.seconds >= index_written.seconds;
  }
  return to_ns(recorded) + k_racy_margin_ns >= to_ns(index_written);
}

bool is_same_kind(const GitIndexEntry& entry, mode_t mode, bool has_symlinks) {
  if (!S_ISLNK(entry.mode)) return S_ISREG(mode);
  return S_ISLNK(mode) || (!has_symlinks && S_ISREG(mode));
}

bool differs_in_exec_bit(const GitIndexEntry& entry, mode_t mode) {
  return S_ISREG(entry.mode) && ((entry.mode ^ mode) & S_IXUSR) != 0;
}

bool is_same_identity(const GitIndexEntry& entry, const struct stat& status) {
  return entry.inode == static_cast<std::uint32_t>(status.st_ino) && entry.owner == status.st_uid &&
         entry.group == status.st_gid;
}

bool are_stamps_equal(const GitIndexEntry& entry, const struct stat& status,
                      const GitStatRules& rules) {
  if (!is_same_time(entry.mtime, to_time(status.st_mtim), rules.check_all)) return false;
  if (!rules.check_all) return true;
  if (rules.trust_ctime && !is_same_time(entry.ctime, to_time(status.st_ctim), true)) return false;
  return is_same_identity(entry, status);
}

}  // namespace

GitTime git_time(std::int64_t since_epoch_ns) {
  return {static_cast<std::uint32_t>(since_epoch_ns / k_second_ns),
          static_cast<std::uint32_t>(since_epoch_ns % k_second_ns)};
}

GitStatVerdict compare_status(const GitIndexEntry& entry, const struct stat& status,
                              const GitStatRules& rules) {
  if (entry.is_unfinished) return GitStatVerdict::changed;
  if (!is_same_kind(entry, status.st_mode, rules.has_symlinks)) return GitStatVerdict::changed;
  if (rules.trust_mode && S_ISREG(status.st_mode) && differs_in_exec_bit(entry, status.st_mode)) {
    return GitStatVerdict::changed;
  }
  // git records 0 for an entry that was racy when it wrote the index, so that nobody trusts it.
  const bool is_size_known = entry.size_bytes != 0 || entry.blob == k_empty_blob;
  if (!is_size_known) return GitStatVerdict::unsure;
  if (entry.size_bytes != static_cast<std::uint32_t>(status.st_size)) {
    return entry.size_bytes == 0 ? GitStatVerdict::unsure : GitStatVerdict::changed;
  }
  const bool is_trusted =
      are_stamps_equal(entry, status, rules) && !is_racy(entry.mtime, rules.index_written);
  return is_trusted ? GitStatVerdict::unchanged : GitStatVerdict::unsure;
}

}  // namespace ktstr
