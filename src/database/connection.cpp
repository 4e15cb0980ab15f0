// SPDX-License-Identifier: MIT
#include "database/connection.hpp"

#include <SQLiteCpp/Backup.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace ktstr {

Error sqlite_error(const SQLite::Exception& exception, const std::string& path) {
  Error error{ErrorCode::io, exception.what(), path};
  switch (exception.getErrorCode()) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:  // rows that our statements never make
      error.code = ErrorCode::corrupt;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.code = ErrorCode::busy;
      error.message = "another process is writing to it";
      break;
    case SQLITE_READONLY:
      // Not ours to write any more only since another process has put it aside.
      if (exception.getExtendedErrorCode() == SQLITE_READONLY_DBMOVED) break;
      [[fallthrough]];
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      error.code = ErrorCode::permission;
      break;
    case SQLITE_NOMEM:
      error = memory_error();
      break;
    case SQLITE_INTERRUPT:
      error.code = ErrorCode::timeout;
      break;
    case SQLITE_ERROR:
    case SQLITE_AUTH:
      error.code = ErrorCode::usage;
      break;
    default:
      break;
  }
  return error;
}

bool is_refused_row(const SQLite::Exception& exception) {
  return exception.getErrorCode() == SQLITE_CONSTRAINT;
}

Error memory_error() { return {ErrorCode::busy, "out of memory"}; }  // short: it has to do without

std::unique_ptr<ImmediateTransaction> ImmediateTransaction::begin_if_free(
    SQLite::Database& database) {
  const int wait_ms = database.execAndGet("PRAGMA busy_timeout").getInt();
  database.setBusyTimeout(0);
  std::unique_ptr<ImmediateTransaction> transaction;
  try {
    transaction = std::make_unique<ImmediateTransaction>(database);
  } catch (const SQLite::Exception& exception) {
    database.setBusyTimeout(wait_ms);
    if (exception.getErrorCode() != SQLITE_BUSY) throw;
    return nullptr;
  }
  database.setBusyTimeout(wait_ms);
  return transaction;
}

std::string database_uri(const std::string& path, const char* parameters) {
  constexpr char k_digits[] = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char byte : path) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '%' || byte == '?' || byte == '#' || code < 0x20) {
      uri.append(1, '%').append(1, k_digits[code >> 4]).append(1, k_digits[code & 15]);
    } else {
      uri += byte;
    }
  }
  return uri + parameters;
}

bool copy_content(SQLite::Database& from, SQLite::Database& to) {
  SQLite::Backup backup(to, from);
  return backup.executeStep(-1) == SQLITE_DONE;
}

void keep_log_on_close(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

MemoryBound::MemoryBound(std::int64_t more_bytes)
    : before_bytes_(sqlite3_hard_heap_limit64(sqlite3_memory_used() + more_bytes)) {}

MemoryBound::~MemoryBound() { sqlite3_hard_heap_limit64(before_bytes_); }

void interrupt_statements(SQLite::Database& database) { sqlite3_interrupt(database.getHandle()); }

namespace {

/// SQLite's own list, but for the working directory, which is somebody's.
bool has_temporary_directory() {
  const char* const named[] = {std::getenv("SQLITE_TMPDIR"), std::getenv("TMPDIR")};
  for (const char* name : {named[0], named[1], "/var/tmp", "/usr/tmp", "/tmp"}) {
    struct stat status {};
    if (name != nullptr && ::stat(name, &status) == 0 && S_ISDIR(status.st_mode) &&
        ::access(name, W_OK | X_OK) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

void use_temporary_files(SQLite::Database& database) {
  database.exec(has_temporary_directory() ? "PRAGMA temp_store = FILE"
                                          : "PRAGMA temp_store = MEMORY");
}

const char* temporary_database_name() { return has_temporary_directory() ? "" : ":memory:"; }

void refuse_views(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

bool has_moved(SQLite::Database& database) {
  int moved = 0;
  const int status =
      sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return status == SQLITE_OK && moved != 0;
}

bool is_read_only(SQLite::Database& database) {
  return sqlite3_db_readonly(database.getHandle(), "main") == 1;
}

void bind_value(SQLite::Statement& statement, int index, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    statement.bind(index, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    statement.bind(index, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    statement.bind(index, *text);
  } else {
    statement.bind(index);
  }
}

void bind_values(SQLite::Statement& statement, const std::vector<Value>& values) {
  int index = 0;
  for (const Value& value : values) bind_value(statement, ++index, value);
}

void bind_borrowed(SQLite::Statement& statement, int index, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    statement.bindNoCopy(index, *text);
  } else {
    bind_value(statement, index, value);
  }
}

Value column_value(SQLite::Statement& statement, int index) {
  const SQLite::Column column = statement.getColumn(index);
  switch (column.getType()) {
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(column.getInt64());
    case SQLITE_FLOAT:
      return column.getDouble();
    case SQLITE_NULL:
      return std::monostate{};
    default:
      return column_bytes(statement, index);
  }
}

std::string column_bytes(SQLite::Statement& statement, int index) {
  const SQLite::Column column = statement.getColumn(index);
  const char* text = column.getText("");
  return std::string(text, static_cast<std::size_t>(column.getBytes()));
}

}  // namespace ktstr
