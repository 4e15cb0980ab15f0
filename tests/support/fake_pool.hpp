// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/refresh.hpp"
#include "database/schema.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/rows_text.hpp"
#include "support/small_records.hpp"

namespace ktstr::test {

/// A runs root "/runs" in memory and a catalog of it. Nothing is settled until `settle()`.
class FakePool {
 public:
  FakePool() : files_(clock_), database_(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {
    migrate(database_, Store::catalog);
    files_.make_directory("/runs");
    options_.workers = 0;
    options_.level = CheckLevel::dirs;
  }

  FakeClock& clock() { return clock_; }
  FakeFileSystem& files() { return files_; }
  SQLite::Database& database() { return database_; }
  RefreshOptions& options() { return options_; }

  /// Below the root; with "a.ktstr.json" this is the path of the sidecar "a" of the run "run".
  static std::string path(const std::string& name) { return "/runs/" + name; }
  void put(const std::string& name, const std::string& bytes) {
    files_.put_file(path(name), bytes);
  }

  /// Lets the settle window pass.
  void wait() { clock_.advance(10'000'000'000); }
  /// Refreshes until every stamp is settled, and forgets what was asked for meanwhile.
  void settle() {
    refresh();
    wait();
    refresh(CheckLevel::files);
    files_.clear_counts();
  }

  RefreshReport refresh() { return refresh(options_.level); }
  RefreshReport refresh(CheckLevel level) {
    RefreshOptions options = options_;
    options.level = level;
    auto report = ktstr::refresh(database_, "/runs", files_, clock_, options);
    if (!report) {
      ADD_FAILURE() << report.error().text();
      return {};
    }
    return *report;
  }

  Rows rows(const std::string& sql) { return rows_text(database_, sql); }
  Rows paths() { return rows("SELECT path FROM files ORDER BY path"); }
  Rows statuses() { return rows("SELECT path, status FROM files ORDER BY path"); }
  Rows tests() { return rows("SELECT path, test_name FROM pool ORDER BY path"); }

  /// Files that were read and directories that were listed since the last settle(), sorted.
  Rows read() { return sorted(files_.read()); }
  Rows listed() { return sorted(files_.listed()); }

 private:
  static Rows sorted(Rows rows) {
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  FakeClock clock_;
  FakeFileSystem files_;
  SQLite::Database database_;
  RefreshOptions options_;
};

}  // namespace ktstr::test
