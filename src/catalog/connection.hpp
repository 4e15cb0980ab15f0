// SPDX-License-Identifier: MIT
#pragma once

// The one place where SQLiteCpp's exceptions become Errors.

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/rows.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// Our error for what SQLite says; `path` is the database's.
[[nodiscard]] Error sqlite_error(const SQLite::Exception& exception, const std::string& path);

/// Runs `body`, which may throw SQLite::Exception, and hands its value or Result on.
template <typename Body>
auto guarded(const std::string& path, Body body) {
  using Returned = std::invoke_result_t<Body>;
  if constexpr (std::is_void_v<Returned>) {
    try {
      body();
      return Result<void>();
    } catch (const SQLite::Exception& exception) {
      return Result<void>(fail(sqlite_error(exception, path)));
    }
  } else if constexpr (requires(Returned result) { result.error(); }) {
    try {
      return body();
    } catch (const SQLite::Exception& exception) {
      return Returned(fail(sqlite_error(exception, path)));
    }
  } else {
    try {
      return Result<Returned>(body());
    } catch (const SQLite::Exception& exception) {
      return Result<Returned>(fail(sqlite_error(exception, path)));
    }
  }
}

/// A write transaction from its first statement on: a deferred one that reads and then writes fails
/// at once with BUSY_SNAPSHOT, however long one would wait. Rolls back unless committed.
class ImmediateTransaction {
 public:
  explicit ImmediateTransaction(SQLite::Database& database)
      : transaction_(database, SQLite::TransactionBehavior::IMMEDIATE) {}
  /// Doesn't wait: none if another connection is writing. For what can be written another time.
  [[nodiscard]] static std::unique_ptr<ImmediateTransaction> begin_if_free(
      SQLite::Database& database);
  void commit() { transaction_.commit(); }

 private:
  SQLite::Transaction transaction_;
};

/// "file:PATH?…" for opening and attaching, with what can't stand as it is in such a path escaped.
[[nodiscard]] std::string database_uri(const std::string& path, const char* parameters);

/// Puts what `from` holds in place of all that `to` holds, in one transaction. False: another
/// process was writing to it for too long. Throws SQLite::Exception.
[[nodiscard]] bool copy_content(SQLite::Database& from, SQLite::Database& to);

/// Whoever closes the last connection would copy the log and wait for the disk twice, after however
/// small a change. With this, the log stays as it is.
void keep_log_on_close(SQLite::Database& database);

/// From here on only tables answer: a view of a stranger's file could run for ever.
void refuse_views(SQLite::Database& database);

/// Whether the file or its directory lets nobody write.
[[nodiscard]] bool is_read_only(SQLite::Database& database);

void bind_value(SQLite::Statement& statement, int index, const Value& value);
/// Without a copy of a text: `value` has to stay until the statement is bound anew.
void bind_borrowed(SQLite::Statement& statement, int index, const Value& value);
[[nodiscard]] Value column_value(SQLite::Statement& statement, int index);

/// Copies a text column's bytes; "" for NULL.
[[nodiscard]] std::string column_bytes(SQLite::Statement& statement, int index);

}  // namespace ktstr
