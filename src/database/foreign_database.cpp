// SPDX-License-Identifier: MIT
#include "database/foreign_database.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"
#include "database/open_database.hpp"
#include "database/schema.hpp"
#include "environment/places.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_busy_timeout_ms = 10'000;
// Reading and comparing our schema takes some thousands; one of a million objects never ends.
constexpr int k_most_steps_of_check = 50'000;
constexpr int k_attempts_to_copy = 3;
constexpr std::size_t k_copied_at_once = 1 << 20;

Stamp stamp_of(const std::string& path) {
  const auto status = system_file_system().status(path, FollowLinks::yes);
  return status ? status->stamp : Stamp();
}

/// Of a file and of its log: one of them changes when somebody writes.
std::pair<Stamp, Stamp> written(const std::string& path) {
  return {stamp_of(path), stamp_of(path + "-wal")};
}

bool is_log_there(const std::string& path) {
  return !posix::kind_at(posix::at_path(path + "-wal")).empty();
}

bool is_on_read_only_media(const std::string& path) {
  struct statvfs status = {};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

/// The bytes of `from`, if there is such a file.
Result<void> copy_file(const std::string& from, const std::string& to,
                       const std::function<bool()>& should_stop) {
  const auto source = posix::open_regular_at(posix::at_path(from), O_RDONLY);
  if (!source && source.error().code == ErrorCode::not_found) return {};
  if (!source) return fail(source.error());
  const auto target =
      posix::open_own_file_at(posix::at_path(to), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!target) return fail(target.error());
  std::vector<char> buffer(k_copied_at_once);
  for (;;) {
    if (should_stop && should_stop()) return fail(ErrorCode::interrupted, "stopped", from);
    const ssize_t count = ::read(source->number(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(os_error(errno, from));
    if (count == 0) return {};
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    if (const int error = write_whole(target->number(), bytes); error != 0) {
      return fail(os_error(error, to));
    }
  }
}

/// Both files as they stood at one time.
Result<void> copy_database(const std::string& from, const std::string& to,
                           const std::function<bool()>& should_stop) {
  for (int attempt = 0; attempt < k_attempts_to_copy; ++attempt) {
    const auto before = written(from);
    for (const char* part : {"", "-wal"}) {
      auto copied = copy_file(from + part, to + part, should_stop);
      if (!copied) return copied;
    }
    if (written(from) == before) return {};
    ::unlink((to + "-wal").c_str());
  }
  return fail(ErrorCode::busy, "another process is writing to it", from,
              "make a snapshot of it, and hand that over");
}

bool is_harmless(const SchemaDifferences& found) {
  const auto lies_above = [](const std::vector<SchemaObject>& objects, SchemaKind kind) {
    return std::any_of(objects.begin(), objects.end(), [&](const SchemaObject& object) {
      return object.kind > kind || object.kind == SchemaKind::statistics;
    });
  };
  return !lies_above(found.strange, SchemaKind::view) &&
         !lies_above(found.missing, SchemaKind::index);
}

std::size_t table_count() {
  const auto made = open_database(k_in_memory, DatabaseUse::make);
  make_tables(*made, Store::archive, layout_version(Store::archive));
  return known_tables(*made, Store::archive).size();
}

/// Tables whose words were damaged or changed are read by ours, if what they name is a table at
/// all. Nobody else sees that: the transaction is never committed.
void restore_table_words(SQLite::Database& database) {
  SQLite::Statement update(database,
                           "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ? AND "
                           "rootpage > 0");
  for (const SchemaObject& table : schema_differences(database, Store::archive).missing) {
    if (table.kind != SchemaKind::table) continue;
    update.reset();
    update.bind(1, table.sql);
    update.bind(2, table.name);
    update.exec();
  }
  database.exec("PRAGMA writable_schema = RESET");
  read_damaged_schema(database);
}

Error no_archive(const std::string& path) {
  return {ErrorCode::usage, "not a ktstr-index archive", path};
}

}  // namespace

Result<ForeignDatabase> ForeignDatabase::open(const std::string& path,
                                              const std::function<bool()>& should_stop) {
  const auto head = read_database_head(path);
  if (!head) return fail(head.error());
  if (!head->is_database && !head->is_empty) {
    return fail(ErrorCode::corrupt, "file is not a database", path);
  }
  // Of one that was just begun, all may be in its log.
  if (!head->may_be(Store::archive)) return fail(no_archive(path));
  ForeignDatabase opened;
  std::string place = database_uri(path, "?mode=ro");
  // SQLite takes up a log, however empty, whatever the head says of it, and shares it in a file
  // beside it.
  const bool is_logged = head->has_log || is_log_there(path);
  if (is_logged && is_on_read_only_media(path) && !has_log(path)) {
    place = database_uri(path, "?immutable=1");
  } else if (is_logged) {
    auto directory = TemporaryDirectory::make(process_variables());
    if (!directory) return fail(std::move(directory.error()));
    opened.copy_.emplace(std::move(*directory));
    place = opened.copy_->path() + "/archive.sqlite3";
    if (auto copied = copy_database(path, place, should_stop); !copied) {
      return fail(std::move(copied.error()));
    }
  }
  auto checked = guarded(path, [&]() -> Result<void> {
    opened.database_ = open_database(place, DatabaseUse::read, k_busy_timeout_ms);
    return opened.check(path);
  });
  if (!checked) return fail(std::move(checked.error()));
  return opened;
}

Result<void> ForeignDatabase::check(const std::string& path) {
  SQLite::Database& database = *database_;
  expect_a_strangers(database);
  limit_steps(database, k_most_steps_of_check);
  StoreHeader header;
  SchemaDifferences found;
  try {
    database.exec("BEGIN");  // one state of it, whoever writes meanwhile
    header = read_header(database, Store::archive);
    if (header.state == StoreState::newer) {
      return fail(ErrorCode::newer_version, layouts_text(Store::archive, header.layout_version),
                  path, "use the newer program");
    }
    found = schema_differences(database, Store::archive, header.layout_version);
    tables_ = known_tables(database, Store::archive);
  } catch (const SQLite::Exception& exception) {
    // A statement of ours that doesn't fit, took too many steps or met too long a text.
    constexpr int k_too_big = 18;
    const ErrorCode code = sqlite_error(exception, path).code;
    const bool is_schemas_fault = code == ErrorCode::usage || code == ErrorCode::timeout ||
                                  exception.getErrorCode() == k_too_big;
    if (!is_schemas_fault) throw;
    return fail(ErrorCode::corrupt, "its schema is none of ours", path);
  }
  limit_steps(database, 0);
  if (header.state == StoreState::foreign || header.state == StoreState::empty) {
    return fail(no_archive(path));
  }
  // Views are never asked, each version of this program has its own; an index is only missed.
  if (!is_harmless(found)) return fail(ErrorCode::corrupt, found.text(), path);
  allow_reading_only(database);
  return {};
}

Result<ForeignDatabase> ForeignDatabase::open_damaged(const std::string& path) {
  ForeignDatabase opened;
  const auto attempt = [&](const char* query, DatabaseUse use) {
    return guarded(path, [&] {
      opened.database_ = open_database(database_uri(path, query), use, k_busy_timeout_ms);
      SQLite::Database& database = *opened.database_;
      keep_log_on_close(database);
      expect_a_strangers(database);
      // What of the schema can't be read is left out instead of refusing all of it.
      read_damaged_schema(database);
      database.exec("BEGIN");
      if (use == DatabaseUse::write) restore_table_words(database);
      opened.tables_ = known_tables(database, Store::archive);
      allow_reading_only(database);
    });
  };
  auto tried = attempt("?mode=ro", DatabaseUse::read);
  const bool lacks_tables = tried && opened.tables_.size() < table_count();
  if (lacks_tables && attempt("?mode=rw", DatabaseUse::write)) return opened;
  if (lacks_tables) tried = attempt("?mode=ro", DatabaseUse::read);
  // A log can't be shared where no file can be made beside it; nobody writes there either.
  if (!tried && tried.error().code == ErrorCode::permission) {
    tried = attempt("?immutable=1", DatabaseUse::read);
  }
  if (!tried) return fail(std::move(tried.error()));
  return opened;
}

}  // namespace ktstr
