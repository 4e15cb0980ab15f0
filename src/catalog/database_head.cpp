// SPDX-License-Identifier: MIT
#include "catalog/database_head.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"
#include "catalog/schema.hpp"

namespace ktstr {
namespace {

// Of SQLite's file format.
constexpr std::size_t k_head_bytes = 100;
constexpr std::string_view k_magic("SQLite format 3\0", 16);
constexpr std::size_t k_read_version_at = 19;
constexpr std::size_t k_schema_cookie_at = 40;
constexpr std::size_t k_application_id_at = 68;
constexpr char k_log_version = 2;
constexpr std::string_view k_journal_magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(at, 4)) {
    number = number << 8U | static_cast<unsigned char>(byte);
  }
  return number;
}

}  // namespace

bool DatabaseHead::is(Store store) const {
  return is_database && application_id == ktstr::application_id(store);
}

bool DatabaseHead::may_be(Store store) const {
  if (is_empty || is(store)) return true;
  // One that was begun, and all that it has is in its log.
  return is_database && application_id == 0 && !has_schema;
}

Result<DatabaseHead> read_database_head(const std::string& path) {
  const auto file = posix::open_regular_at(posix::at_path(path), O_RDONLY);
  if (!file) return fail(file.error());
  std::array<char, k_head_bytes> bytes{};
  const ssize_t size = ::pread(file->number(), bytes.data(), bytes.size(), 0);
  if (size < 0) return fail(os_error(errno, path));
  const std::string_view read(bytes.data(), static_cast<std::size_t>(size));
  DatabaseHead head;
  head.is_empty = read.empty();
  head.is_database = read.size() == k_head_bytes && read.starts_with(k_magic);
  if (!head.is_database) return head;
  head.has_log = read[k_read_version_at] == k_log_version;
  head.has_schema = number_at(read, k_schema_cookie_at) != 0;
  head.application_id = static_cast<std::int32_t>(number_at(read, k_application_id_at));
  return head;
}

bool has_strange_journal(const std::string& path) {
  struct stat status = {};
  const auto file = posix::open_regular_at(posix::at_path(path + "-journal"), O_RDONLY);
  if (!file || ::fstat(file->number(), &status) != 0) return false;
  if (status.st_size < static_cast<off_t>(k_journal_magic.size())) return false;
  std::array<char, k_journal_magic.size()> end{};
  const ssize_t size = ::pread(file->number(), end.data(), end.size(),
                               status.st_size - static_cast<off_t>(end.size()));
  return size == static_cast<ssize_t>(end.size()) &&
         std::string_view(end.data(), end.size()) == k_journal_magic;
}

}  // namespace ktstr
