// SPDX-License-Identifier: MIT
#include "database/open_database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"
#include "database/schema.hpp"
#include "environment/places.hpp"

namespace ktstr {
namespace {

constexpr const char* k_hint = "look at it, and remove it or put it elsewhere";

constexpr const char* k_logs[] = {"-wal", "-shm", "-journal"};

bool has_other_names(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 1;
}

std::string shared_log(const std::string& path) {
  for (const char* const suffix : k_logs) {
    if (has_other_names(path + suffix)) return path + suffix;
  }
  return {};
}

Result<void> check(const std::string& path, FollowLinks follow) {
  const std::string kind = posix::kind_at(posix::at_path(path), follow);
  if (kind.empty() || kind == posix::k_regular_kind) return {};
  return fail(ErrorCode::io, kind + ", not a database", path, k_hint);
}

}  // namespace

Result<void> make_index_directory(const std::string& root) {
  auto opened =
      posix::open_own_directories(root, {k_index_directory_name}, posix::Missing::is_made);
  if (opened) return {};
  if (opened.error().code == ErrorCode::io) opened.error().hint = k_hint;
  return fail(std::move(opened.error()));
}

Result<void> check_database_files(const std::string& path, FollowLinks follow) {
  if (auto checked = check(path, follow); !checked) return checked;
  for (const char* const suffix : k_logs) {
    if (auto checked = check(path + suffix, FollowLinks::no); !checked) return checked;
  }
  return {};
}

bool has_log(const std::string& path) {
  const auto log = system_file_system().status(path + "-wal", FollowLinks::yes);
  return log && log->stamp.size_bytes > 0;
}

std::string shared_database_file(const std::string& path) {
  return has_other_names(path) ? path : shared_log(path);
}

Result<void> check_archive_files(const std::string& path) {
  if (auto checked = check_database_files(path, FollowLinks::yes); !checked) return checked;
  const std::string shared = shared_log(path);
  if (shared.empty()) return {};
  return fail(ErrorCode::io, "has another name on its disk (a hard link): not the archive's alone",
              shared, "copy the archive and its logs to another directory, and name that");
}

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

namespace {

// The archive beside a catalog, and what VACUUM INTO writes.
constexpr int k_most_attached = 2;
// No schema of ours has triggers; none means none within others, too.
constexpr int k_trigger_depth = 1;
constexpr int k_longest_strange_sql = 64 << 10;
// Names, words of errors, lists of arguments. The largest of ours is an error with its context.
constexpr int k_longest_strange_value = 4 << 20;
constexpr int k_longest_document = 1'000'000'000;  // SQLite's own limit

// What the statements of a merge use.
constexpr std::string_view k_pragmas[] = {"table_info", "index_list", "index_info", "page_count",
                                          "page_size"};
constexpr std::string_view k_functions[] = {"count", "group_concat"};

template <std::size_t Count>
bool is_one_of(const char* text, const std::string_view (&known)[Count]) {
  return text != nullptr && std::find(std::begin(known), std::end(known), text) != std::end(known);
}

int authorize(void* /*context*/, int action, const char* first, const char* second,
              const char* /*database*/, const char* /*through*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return is_one_of(second, k_functions) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
      return is_one_of(first, k_pragmas) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

int flags_of(DatabaseUse use) {
  // One connection belongs to one thread, so a lock around each of its calls would buy nothing.
  const int common = SQLite::OPEN_NOMUTEX | SQLite::OPEN_URI;
  switch (use) {
    case DatabaseUse::read:
      return common | SQLite::OPEN_READONLY;
    case DatabaseUse::write:
      return common | SQLite::OPEN_READWRITE;
    case DatabaseUse::make:
      break;
  }
  return common | SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
}

void harden(sqlite3* handle) {
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, k_most_attached);
  sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, k_trigger_depth);
}

}  // namespace

std::unique_ptr<SQLite::Database> open_database(const std::string& path, DatabaseUse use,
                                                std::int64_t busy_timeout_ms, FollowLinks follow) {
  const int links = follow == FollowLinks::no ? SQLite::OPEN_NOFOLLOW : 0;
  auto database = std::make_unique<SQLite::Database>(path, flags_of(use) | links,
                                                     static_cast<int>(busy_timeout_ms));
  harden(database->getHandle());
  return database;
}

void trust_schema(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, nullptr);
}

void expect_a_strangers(SQLite::Database& database) {
  sqlite3* const handle = database.getHandle();
  refuse_views(database);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, k_longest_strange_sql);
  allow_documents(database, false);
  database.exec("PRAGMA cell_size_check = ON");
  database.exec("PRAGMA mmap_size = 0");
}

void limit_steps(SQLite::Database& database, int steps) {
  sqlite3_progress_handler(
      database.getHandle(), steps, [](void*) { return 1; }, nullptr);
}

void allow_reading_only(SQLite::Database& database) {
  // Their first use defines their columns, which the authorizer would take for a change.
  database.exec(
      "SELECT 1 FROM pragma_table_info('setting'), pragma_index_list('setting'), "
      "pragma_index_info('setting')");
  sqlite3_set_authorizer(database.getHandle(), authorize, nullptr);
}

void allow_documents(SQLite::Database& database, bool allow) {
  sqlite3_limit(database.getHandle(), SQLITE_LIMIT_LENGTH,
                allow ? k_longest_document : k_longest_strange_value);
}

void read_damaged_schema(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  database.exec("PRAGMA writable_schema = ON");
}

}  // namespace ktstr
