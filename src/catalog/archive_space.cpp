// SPDX-License-Identifier: MIT
#include "catalog/archive_space.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "catalog/connection.hpp"
#include "store/lock_holders.hpp"

namespace ktstr {
namespace {

// 2 MiB of an archive's pages: others wait for one step at most.
constexpr const char* k_vacuum_step = "PRAGMA incremental_vacuum(256)";

std::int64_t number(SQLite::Database& database, const char* sql) {
  return database.execAndGet(sql).getInt64();
}

std::int64_t file_bytes(SQLite::Database& database) {
  return number(database, "PRAGMA page_count") * number(database, "PRAGMA page_size");
}

/// The first column says whether somebody was in the way.
bool empty_log(SQLite::Database& database) {
  return number(database, "PRAGMA wal_checkpoint(TRUNCATE)") == 0;
}

std::string command_of(const std::filesystem::path& process) {
  const auto file = system_file_system().open_file((process / "cmdline").string());
  if (!file) return {};
  const auto arguments = (*file)->read_all(1 << 20);
  return arguments ? command_line_text(*arguments) : "";
}

bool has_open(const std::filesystem::path& process, const struct stat& wanted) {
  std::error_code error;
  for (std::filesystem::directory_iterator each(process / "fd", error), end; !error && each != end;
       each.increment(error)) {
    struct stat status = {};
    if (::stat(each->path().c_str(), &status) == 0 && status.st_dev == wanted.st_dev &&
        status.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

bool is_other_process(const std::string& name) {
  return name.find_first_not_of("0123456789") == std::string::npos &&
         name != std::to_string(::getpid());
}

}  // namespace

Result<SpaceReport> return_space(Archive& archive) {
  return guarded(archive.path(), [&] {
    SQLite::Database& database = archive.database();
    const std::int64_t before = file_bytes(database);
    std::int64_t free_pages = number(database, "PRAGMA freelist_count");
    while (free_pages > 0) {
      database.exec(k_vacuum_step);
      const std::int64_t left = number(database, "PRAGMA freelist_count");
      if (left >= free_pages) break;  // somebody frees as fast; the next gc goes on
      free_pages = left;
    }
    SpaceReport report;
    report.is_log_empty = empty_log(database);
    report.freed_bytes = std::max<std::int64_t>(0, before - file_bytes(database));
    return report;
  });
}

Result<SpaceReport> rewrite(Archive& archive) {
  return guarded(archive.path(), [&] {
    SQLite::Database& database = archive.database();
    const std::int64_t before = file_bytes(database);
    // In memory it could be more than there is.
    database.exec("PRAGMA temp_store = FILE");
    database.exec("VACUUM");
    SpaceReport report;
    report.is_log_empty = empty_log(database);
    report.freed_bytes = std::max<std::int64_t>(0, before - file_bytes(database));
    return report;
  });
}

std::string other_users_text(const std::string& path) {
  struct stat wanted = {};
  if (::stat(path.c_str(), &wanted) != 0) return {};
  std::string text;
  std::error_code error;
  for (std::filesystem::directory_iterator each("/proc", error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (!is_other_process(name) || !has_open(each->path(), wanted)) continue;
    text += (text.empty() ? "pid " : ", pid ") + name + " (" + command_of(each->path()) + ")";
  }
  return text;
}

}  // namespace ktstr
