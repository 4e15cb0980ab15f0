// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time_text.hpp"
#include "query/tokens.hpp"

// Which tables a statement names. The authorizer alone can't say: SQLite 3.40 reports the same
// `read of directory, no column` for `count(*) FROM directory` and for a view that joins it,
// nothing for the columns of a NATURAL JOIN or USING, and a CTE that is called like a view for the
// view.

namespace SQLite {
class Database;
}

namespace ktstr {

struct TableReference {
  std::string name;     ///< in lower case
  std::size_t offset;   ///< of the name, in bytes
  bool is_cte = false;  ///< means a common table expression of that name, not a table
};

/// Every table that stands behind FROM, JOIN, IN or a comma between tables. Expects a SELECT or an
/// expression; what else there is, the authorizer refuses.
[[nodiscard]] std::vector<TableReference> table_references(const std::vector<Token>& tokens);

/// The names of the interface's views, in their order.
[[nodiscard]] std::vector<std::string> view_names();
/// Those that an archive has besides.
[[nodiscard]] std::vector<std::string> past_view_names();

/// Whether a database of that name is attached to the connection; also under a guard.
[[nodiscard]] bool has_schema(SQLite::Database& database, const std::string& name);
/// Its file; "" for none. Also under a guard.
[[nodiscard]] std::string schema_file(SQLite::Database& database, const std::string& name);

/// As long as it lives, what is prepared on the connection can only read the views, of an archive
/// beside it too, sqlite_master, json_each and json_tree, and what runs on it stops after that
/// long. Double quotes mean names only, so that a misspelt one isn't taken for a string. One at a
/// time for a connection, and on the connection's thread. Statements prepared before go on as they
/// were.
class ReadOnlyGuard {
 public:
  /// `timeout_ns` of SQLite's own work, begin_step() to end_step(); 0: none. What a reader takes
  /// for the rows, a page at a time in a pager, doesn't count.
  ReadOnlyGuard(SQLite::Database& database, std::int64_t timeout_ns, const Clock& clock);
  ~ReadOnlyGuard();
  ReadOnlyGuard(const ReadOnlyGuard&) = delete;
  ReadOnlyGuard& operator=(const ReadOnlyGuard&) = delete;

  [[nodiscard]] SQLite::Database& database() const;
  [[nodiscard]] std::int64_t timeout_ns() const;
  void begin_step();
  void end_step();
  [[nodiscard]] bool timed_out() const;
  /// Why something was refused since the last time it was asked for; "" if nothing was.
  [[nodiscard]] std::string take_refusal();
  /// Nothing, or which of the tables behind the views the text names.
  [[nodiscard]] std::optional<SqlProblem> forbidden_table(const std::vector<Token>& tokens) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ktstr
