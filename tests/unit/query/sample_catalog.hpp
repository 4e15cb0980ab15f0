// SPDX-License-Identifier: MIT
#pragma once

// A catalog in memory, filled by hand: what the query layer answers depends on its rows only.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "base/time_text.hpp"
#include "database/connection.hpp"
#include "database/schema.hpp"
#include "support/rows_text.hpp"

namespace ktstr::test {

using Columns = std::vector<std::pair<std::string, Value>>;

inline Value text(const char* bytes) { return std::string(bytes); }
inline Value number(std::int64_t value) { return value; }

class SampleCatalog {
 public:
  SampleCatalog() : database_(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {
    migrate(database_, Store::catalog);
  }

  SQLite::Database& database() { return database_; }

  /// The row's id.
  std::int64_t insert(const std::string& table, const Columns& columns) {
    std::string names;
    std::string marks;
    for (const auto& column : columns) {
      names += (names.empty() ? "" : ", ") + column.first;
      marks += marks.empty() ? "?" : ", ?";
    }
    SQLite::Statement statement(database_,
                                "INSERT INTO " + table + "(" + names + ") VALUES(" + marks + ")");
    int index = 0;
    for (const auto& column : columns) bind_value(statement, ++index, column.second);
    statement.exec();
    return database_.getLastInsertRowid();
  }

  std::int64_t add_directory(const std::string& run_dir, const std::string& job = "") {
    return insert("directory", {{"run_dir", run_dir}, {"job", job}});
  }

  /// A result of test "basic" that passed, with an id of its own, where `changes` doesn't say
  /// otherwise.
  std::int64_t add_result(std::int64_t directory, Columns changes = {}) {
    const std::string digits = std::to_string(++results_);
    std::map<std::string, Value> row = {
        {"directory_id", directory},  {"file_name", "basic-" + digits + ".ktstr.json"},
        {"settled", number(1)},       {"is_symlink", number(0)},
        {"status", text("ok")},       {"id", digits + std::string(32 - digits.size(), 'e')},
        {"test_name", text("basic")}, {"verdict", text("pass")},
        {"scheduler", text("eevdf")}, {"topology", text("1n1l1c1t")},
        {"mtime_ns", number(1000)},
    };
    for (auto& change : changes) row[change.first] = std::move(change.second);
    return insert("sidecar", Columns(row.begin(), row.end()));
  }

  /// A result that differs from the others in one column.
  std::int64_t add_with(const std::string& column, Value value) {
    return add_result(directory(), {{column, std::move(value)}});
  }

  /// Some run directory, always the same.
  std::int64_t directory() {
    if (directory_ == 0) directory_ = add_directory("6.14.2-abc1234");
    return directory_;
  }

  void add_metric(std::int64_t sidecar, const std::string& metric, double value, Value phase = {},
                  Value cgroup = {}) {
    const std::string digest = std::to_string(++series_);
    const std::int64_t shape = insert("shape", {{"digest", digest}});
    insert("shape_metric", {{"shape_id", shape}, {"metric", metric}, {"position", number(0)}});
    insert("series", {{"sidecar_id", sidecar},
                      {"position", series_},
                      {"shape_id", shape},
                      {"phase", std::move(phase)},
                      {"cgroup", std::move(cgroup)},
                      {"v0", value}});
  }

  std::int64_t count(const std::string& table) {
    return database_.execAndGet("SELECT count(*) FROM " + table).getInt64();
  }

 private:
  SQLite::Database database_;
  std::int64_t results_ = 0;
  std::int64_t series_ = 0;
  std::int64_t directory_ = 0;
};

/// As text: NULL is "NULL", values of a row have a bar between them.
inline std::string shown(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) {
    std::string digits = std::to_string(*real);
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits.back() == '.' ? digits + "0" : digits;
  }
  if (const auto* bytes = std::get_if<std::string>(&value)) return *bytes;
  return "NULL";
}

/// Every row, or "error: …" in the place of the first that failed.
inline Rows all_rows(Result<std::unique_ptr<RowSource>> source) {
  if (!source) return {"error: " + source.error().message};
  Rows rows;
  std::vector<Value> row;
  for (;;) {
    const Result<bool> more = (*source)->next(row);
    if (!more) {
      rows.push_back("error: " + more.error().message);
      return rows;
    }
    if (!*more) return rows;
    std::string line;
    for (const Value& value : row) line += (&value == row.data() ? "" : "|") + shown(value);
    rows.push_back(line);
  }
}

}  // namespace ktstr::test
