// SPDX-License-Identifier: MIT
#include "store/run_directory_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "environment/host.hpp"
#include "environment/places.hpp"
#include "store/walk.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_most_command_characters = 100;
constexpr std::uint64_t k_proc_file_limit_bytes = 64ULL << 20;
constexpr const char* k_no_holders = "<none recorded>";
constexpr const char* k_no_command = "<cmdline unavailable>";

/// Split at blanks only: a mount point may hold any other byte.
std::vector<std::string_view> fields_of(std::string_view line) {
  constexpr std::string_view k_blanks = " \t\r";
  std::vector<std::string_view> fields;
  std::size_t end = 0;
  for (;;) {
    const std::size_t start = line.find_first_not_of(k_blanks, end);
    if (start == std::string_view::npos) return fields;
    end = std::min(line.find_first_of(k_blanks, start), line.size());
    fields.push_back(line.substr(start, end - start));
  }
}

std::optional<std::uint32_t> parse_u32(std::string_view text) {
  const auto number = parse_u64(text);
  if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// "8:2" of mountinfo as "08:02" of the lock table.
std::optional<std::string> table_device(std::string_view decimal) {
  const std::size_t colon = decimal.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = parse_u32(decimal.substr(0, colon));
  const auto minor = parse_u32(decimal.substr(colon + 1));
  if (!major || !minor) return std::nullopt;
  return fmt::format("{:02x}:{:02x}", *major, *minor);
}

/// On a component's boundary: "/a" is above "/a/b" and not above "/ab".
bool is_above(std::string_view mount_point, std::string_view path) {
  while (mount_point.ends_with('/')) mount_point.remove_suffix(1);
  if (!path.starts_with(mount_point)) return false;
  return path.size() == mount_point.size() || path[mount_point.size()] == '/';
}

/// The byte of "\NNN" at the start, if that is what stands there.
std::optional<char> octal_escape(std::string_view text) {
  constexpr std::size_t k_length = 4;
  if (text.size() < k_length || text.front() != '\\') return std::nullopt;
  const std::string_view digits = text.substr(1, k_length - 1);
  unsigned value = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
  if (value > std::numeric_limits<unsigned char>::max()) return std::nullopt;
  return static_cast<char>(value);
}

std::optional<std::string> read_proc(FileSystem& files, const std::string& path) {
  const auto file = files.open_file(path);
  if (!file) return std::nullopt;
  auto bytes = (*file)->read_all(k_proc_file_limit_bytes);
  return bytes ? std::optional<std::string>(std::move(*bytes)) : std::nullopt;
}

std::optional<std::string> lock_needle(FileSystem& files, const std::string& lock_path) {
  const auto status = files.status(lock_path, FollowLinks::yes);
  const auto mounts = read_proc(files, "/proc/self/mountinfo");
  if (!status || !mounts) return std::nullopt;
  std::error_code failed;
  const auto canonical = std::filesystem::canonical(lock_path, failed);
  auto needle = device_of_mount(*mounts, failed ? lock_path : canonical.string());
  if (needle) *needle += ":" + std::to_string(status->stamp.inode);
  return needle;
}

std::string command_of(FileSystem& files, std::uint32_t process) {
  const auto arguments = read_proc(files, fmt::format("/proc/{}/cmdline", process));
  return arguments ? command_line_text(*arguments) : k_no_command;
}

}  // namespace

std::string unescape_mount_point(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto escaped = octal_escape(text);
    plain += escaped.value_or(text.front());
    text.remove_prefix(escaped ? 4 : 1);
  }
  return plain;
}

std::optional<std::string> device_of_mount(std::string_view mountinfo, std::string_view path) {
  constexpr std::size_t k_device_field = 2;
  constexpr std::size_t k_mount_point_field = 4;
  std::optional<std::string> best;
  std::size_t best_length = 0;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto fields = fields_of(line);
    if (fields.size() <= k_mount_point_field) continue;
    const std::string mount_point = unescape_mount_point(fields[k_mount_point_field]);
    if (!is_above(mount_point, path) || (best && mount_point.size() <= best_length)) continue;
    auto device = table_device(fields[k_device_field]);
    if (!device) continue;
    best = std::move(device);
    best_length = mount_point.size();
  }
  return best;
}

std::vector<std::uint32_t> flock_holders(std::string_view lock_table, std::string_view needle) {
  constexpr std::size_t k_kind_field = 1;  // "->" here marks a waiter
  constexpr std::size_t k_process_field = 4;
  constexpr std::size_t k_file_field = 5;
  std::vector<std::uint32_t> holders;
  for (const std::string_view line : split(lock_table, '\n')) {
    const auto fields = fields_of(line);
    if (fields.size() <= k_file_field || fields[k_kind_field] != "FLOCK") continue;
    const auto process = parse_u32(fields[k_process_field]);
    if (!process || fields[k_file_field] != needle) continue;
    const bool is_known = std::find(holders.begin(), holders.end(), *process) != holders.end();
    if (!is_known) holders.push_back(*process);
  }
  return holders;
}

std::string command_line_text(std::string_view arguments) {
  // The first character keeps the start from being trimmed too.
  std::string line = "|" + lossy_utf8(arguments);
  std::replace(line.begin(), line.end(), '\0', ' ');
  std::string_view text = trim_unicode(line).substr(1);
  if (text.empty()) return k_no_command;
  std::size_t end = 0;
  for (std::size_t count = 0; count < k_most_command_characters && end < text.size(); ++count) {
    end += first_utf8_sequence(text.substr(end)).length;
  }
  return std::string(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

std::string lock_holders_text(FileSystem& files, const std::string& lock_path) {
  const auto needle = lock_needle(files, lock_path);
  const auto table = read_proc(files, "/proc/locks");
  if (!needle || !table) return k_no_holders;
  std::string text;
  for (const std::uint32_t process : flock_holders(*table, *needle)) {
    if (!text.empty()) text += '\n';
    text += fmt::format("  pid={} cmd={}", process, command_of(files, process));
  }
  return text.empty() ? k_no_holders : text;
}

namespace {

constexpr const char* k_lock_directory = ".locks";
constexpr std::int64_t k_first_pause_ns = 1'000'000;
constexpr std::int64_t k_longest_pause_ns = 100'000'000;
constexpr const char* k_advice =
    "A peer cargo ktstr test process is writing sidecars to the same {kernel}-{project_commit} "
    "directory; wait for it to finish or kill it, then retry.";

/// A path that is taken apart from its end, as Rust's Components do: empty parts and "." don't
/// count, but for a "." at the very start.
class PathEnd {
 public:
  explicit PathEnd(std::string_view path) : path_(path) {
    const bool starts_here = path == "." || path.starts_with("./");
    body_ = starts_here || path.starts_with('/') ? 1 : 0;
    drop_nothings();
  }

  /// The last part; empty if only the start is left.
  [[nodiscard]] std::string_view last() const {
    const std::string_view body = path_.substr(body_);
    return body.substr(body.rfind('/') + 1);  // npos + 1 is 0
  }
  void drop_last() {
    drop_one();
    drop_nothings();
  }
  [[nodiscard]] std::string_view path() const { return path_; }

 private:
  void drop_one() {
    const std::size_t slash = path_.substr(body_).rfind('/');
    path_ = path_.substr(0, body_ + (slash == std::string_view::npos ? 0 : slash));
  }
  void drop_nothings() {
    while (path_.size() > body_ && (last().empty() || last() == ".")) drop_one();
  }

  std::string_view path_;
  std::size_t body_ = 0;  ///< where the part behind the start begins
};

struct KnownRemote {
  std::uint32_t type;
  RemoteFileSystem remote;
};
constexpr RemoteFileSystem k_smb = {
    "CIFS/SMB",
    "its servers map flock as they please, and /proc/locks here shows no remote holder"};
constexpr std::array<KnownRemote, 6> k_remotes = {{
    {0x6969, {"NFS", "an NFSv3 mount may keep flock to the one machine, unseen by the others"}},
    {0xFF534D42, k_smb},
    {0xFE534D42, k_smb},
    {0x00C36400, {"CephFS", "locks wait for the MDS, and one that fails over may lose them"}},
    {0x6B414653, {"AFS", "flock(2) excludes processes of one client only"}},
    {0x65735546, {"FUSE", "locking is whatever its userspace server makes of it"}},
}};

/// Of the lock file, or where it will be made. What can't be asked is taken for local.
std::optional<RemoteFileSystem> remote_at(const std::string& lock_path) {
  struct statfs raw = {};
  const std::string parent = lock_path.substr(0, lock_path.rfind('/'));
  const bool known = ::statfs(lock_path.c_str(), &raw) == 0 || ::statfs(parent.c_str(), &raw) == 0;
  return known ? remote_file_system(static_cast<std::uint32_t>(raw.f_type)) : std::nullopt;
}

std::string decimal(std::uint64_t whole, std::uint64_t fraction, int digits) {
  std::string text = std::to_string(whole);
  if (fraction == 0) return text;
  text += fmt::format(".{:0{}}", fraction, digits);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

tl::unexpected<Error> timed_out(const std::string& directory, const std::string& lock_path,
                                std::chrono::nanoseconds timeout, FileSystem& files) {
  return fail(ErrorCode::busy,
              fmt::format("flock LOCK_EX on run-dir {} timed out after {} (lockfile {}, holders: "
                          "{}). {}",
                          directory, duration_text(timeout), lock_path,
                          lock_holders_text(files, lock_path), k_advice));
}

Result<Descriptor> open_lock_directory(const std::string& path, FileSystem& files) {
  // A link has the name already: nothing is made behind it.
  if (auto made = files.create_directories(path); !made) return fail(made.error());
  return posix::open_own_directory_at(posix::at_path(path), posix::Missing::is_an_error);
}

}  // namespace

std::optional<std::string> run_directory_lock_path(std::string_view directory) {
  PathEnd path(directory);
  const std::string_view name = path.last();
  if (name.empty() || name == "..") return std::nullopt;
  path.drop_last();
  return join_path(join_path(path.path(), k_lock_directory), std::string(name) + ".lock");
}

std::optional<RemoteFileSystem> remote_file_system(std::uint32_t type) {
  const auto* const found = std::find_if(k_remotes.begin(), k_remotes.end(),
                                         [&](const auto& known) { return known.type == type; });
  return found == k_remotes.end() ? std::nullopt : std::optional(found->remote);
}

std::string remote_file_system_text(const std::string& lock_path, const RemoteFileSystem& remote) {
  return fmt::format(
      "{}: filesystem {} is not supported for ktstr lockfiles ({}). Move the lockfile path to a "
      "local filesystem (tmpfs, ext4, xfs, btrfs, f2fs, bcachefs).",
      lock_path, remote.name, remote.reason);
}

std::string duration_text(std::chrono::nanoseconds duration) {
  constexpr std::uint64_t k_second = 1'000'000'000;
  constexpr std::uint64_t k_millisecond = 1'000'000;
  constexpr std::uint64_t k_microsecond = 1'000;
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  if (ns >= k_second) return decimal(ns / k_second, ns % k_second, 9) + "s";
  if (ns >= k_millisecond) return decimal(ns / k_millisecond, ns % k_millisecond, 6) + "ms";
  if (ns >= k_microsecond) return decimal(ns / k_microsecond, ns % k_microsecond, 3) + "µs";
  return std::to_string(ns) + "ns";
}

Result<std::optional<RunDirectoryLock>> RunDirectoryLock::try_once(
    const posix::Location& lock_file) {
  const std::string& lock_path = lock_file.shown_path;
  // Asked each time: something may be mounted there while we wait.
  if (const auto remote = remote_at(lock_path)) {
    return fail(ErrorCode::io, remote_file_system_text(lock_path, *remote));
  }
  auto opened = posix::open_own_file_at(lock_file, O_CREAT | O_RDWR);
  if (!opened) return fail_while("open " + lock_path, opened.error());
  if (::flock(opened->number(), LOCK_EX | LOCK_NB) == 0) {
    return std::optional(RunDirectoryLock(std::move(*opened)));
  }
  if (errno == EWOULDBLOCK) return std::optional<RunDirectoryLock>();
  return fail_while("flock " + lock_path, os_error(errno));
}

Result<RunDirectoryLock> RunDirectoryLock::acquire(const std::string& directory,
                                                   std::chrono::nanoseconds timeout,
                                                   FileSystem& files, Clock& clock) {
  const auto lock_path = run_directory_lock_path(directory);
  if (!lock_path) {
    return fail(ErrorCode::usage, "cannot derive run-dir lock path from " + directory +
                                      " (no parent or no file_name component)");
  }
  const std::string parent = directory_of(*lock_path);
  const auto locks = open_lock_directory(parent, files);
  if (!locks) return fail_while("create lock subdirectory " + parent, locks.error());
  const posix::Location lock_file = {locks->number(), lock_path->substr(parent.size() + 1),
                                     *lock_path};
  const std::int64_t start_ns = clock.steady_ns();
  for (std::int64_t pause_ns = k_first_pause_ns;;
       pause_ns = std::min(2 * pause_ns, k_longest_pause_ns)) {
    auto lock = try_once(lock_file);
    if (!lock) return fail(lock.error());
    if (*lock) return std::move(**lock);
    if (clock.steady_ns() - start_ns >= timeout.count()) {
      return timed_out(directory, *lock_path, timeout, files);
    }
    clock.sleep_ns(pause_ns);
  }
}

}  // namespace ktstr
