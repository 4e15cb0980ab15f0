// SPDX-License-Identifier: MIT
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/result.hpp"

// Pieces of statements that are made from lists of columns.

namespace ktstr {

/// "?, ?, …"
[[nodiscard]] inline std::string placeholders(std::size_t count) {
  std::string text = "?";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

/// "a, b, …"
[[nodiscard]] inline std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The one place where SQLiteCpp's exceptions, and a lack of memory, become Errors.

/// Our error for what SQLite says; `path` is the database's.
[[nodiscard]] Error sqlite_error(const SQLite::Exception& exception, const std::string& path);

/// A row that the tables' rules don't take.
[[nodiscard]] bool is_refused_row(const SQLite::Exception& exception);

/// Ours for memory that `new` doesn't get.
[[nodiscard]] Error memory_error();

/// Runs `body`, which may throw SQLite::Exception or for lack of memory, and hands its value or
/// Result on.
template <typename Body>
auto guarded(const std::string& path, Body body) {
  using Returned = std::invoke_result_t<Body>;
  if constexpr (std::is_void_v<Returned>) {
    return guarded(path, [&]() -> Result<void> {
      body();
      return {};
    });
  } else if constexpr (requires(Returned result) { result.error(); }) {
    try {
      return body();
    } catch (const SQLite::Exception& exception) {
      return Returned(fail(sqlite_error(exception, path)));
    } catch (const std::bad_alloc&) {
      return Returned(fail(memory_error()));
    } catch (const std::length_error&) {  // more than any machine has
      return Returned(fail(memory_error()));
    }
  } else {
    return guarded(path, [&]() -> Result<Returned> { return body(); });
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

/// What SQLite may take for one statement that a person wrote, beside what it has already.
inline constexpr std::int64_t k_statement_memory_bytes = 128 << 20;

/// From here on, until it ends, SQLite takes no more memory than now and so much more, in this
/// process. What it then lacks is a failure of the statement that wants it.
class MemoryBound {
 public:
  explicit MemoryBound(std::int64_t more_bytes);
  MemoryBound(const MemoryBound&) = delete;
  MemoryBound& operator=(const MemoryBound&) = delete;
  ~MemoryBound();

 private:
  std::int64_t before_bytes_;
};

/// What runs on the connection fails as soon as SQLite looks. Safe on any thread and in a signal
/// handler, as long as the connection lives.
void interrupt_statements(SQLite::Database& database);

/// What is sorted and kept for a statement goes to files beyond SQLite's cache; nobody else can
/// open them, and their names are gone at once. To memory where no directory takes them.
void use_temporary_files(SQLite::Database& database);
/// The name of a database that nobody else sees: in such files, or in memory.
[[nodiscard]] const char* temporary_database_name();

/// From here on only tables answer: a view of a stranger's file could run for ever.
void refuse_views(SQLite::Database& database);

/// Whether the file or its directory lets nobody write.
[[nodiscard]] bool is_read_only(SQLite::Database& database);

/// Whether the name that it was opened by is another file's by now, or nobody's.
[[nodiscard]] bool has_moved(SQLite::Database& database);

void bind_value(SQLite::Statement& statement, int index, const Value& value);
/// From the first parameter on.
void bind_values(SQLite::Statement& statement, const std::vector<Value>& values);
/// Without a copy of a text: `value` has to stay until the statement is bound anew.
void bind_borrowed(SQLite::Statement& statement, int index, const Value& value);
[[nodiscard]] Value column_value(SQLite::Statement& statement, int index);

/// Copies a text column's bytes; "" for NULL.
[[nodiscard]] std::string column_bytes(SQLite::Statement& statement, int index);

/// A statement that is prepared when it is first used: a query that finds nothing changed needs
/// three of thirty.
class LazyStatement {
 public:
  LazyStatement(SQLite::Database& database, const char* text) : database_(database), text_(text) {}
  /// For a text that has to be made.
  LazyStatement(SQLite::Database& database, std::string (*make_text)())
      : database_(database), make_text_(make_text) {}

  /// Ready to be bound: NULL wherever nothing is bound. Throws SQLite::Exception.
  SQLite::Statement& fresh() {
    if (!statement_) return statement_.emplace(database_, make_text_ ? make_text_() : text_);
    // Not reset(): that says once more how the last execution failed, which has been dealt with.
    (void)statement_->tryReset();
    statement_->clearBindings();
    return *statement_;
  }

 private:
  SQLite::Database& database_;
  const char* text_ = nullptr;
  std::string (*make_text_)() = nullptr;
  std::optional<SQLite::Statement> statement_;
};

}  // namespace ktstr
