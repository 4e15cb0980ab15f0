// SPDX-License-Identifier: MIT
#include "store/lock_holders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <system_error>

#include "base/text.hpp"
#include "environment/proc_text.hpp"
#include "environment/unicode_space.hpp"

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

}  // namespace ktstr
