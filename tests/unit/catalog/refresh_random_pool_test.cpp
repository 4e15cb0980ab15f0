// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <thread>

#include "catalog/refresh.hpp"
#include "database/schema.hpp"
#include "support/clock_ahead.hpp"
#include "support/pool_mutator.hpp"
#include "support/rows_text.hpp"
#include "support/temporary_directory.hpp"
#include "support/walker_oracle.hpp"

namespace ktstr::test {
namespace {

struct RandomRun {
  const char* name;
  CheckLevel level;
  Mutations mutations;
  bool is_settled;
  unsigned seed;
};

void PrintTo(const RandomRun& run, std::ostream* stream) { *stream << run.name; }

class RandomPool : public testing::TestWithParam<RandomRun> {
 protected:
  RandomPool() : database_(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {
    migrate(database_, Store::catalog);
    std::filesystem::create_directory(directory_.path("runs"));
    std::filesystem::create_directory(directory_.path("elsewhere"));
  }

  void refresh() {
    const Clock& clock = GetParam().is_settled ? static_cast<const Clock&>(ahead_) : system_clock();
    RefreshOptions options;
    options.level = GetParam().level;
    options.workers = 1;
    const auto report =
        ktstr::refresh(database_, directory_.path("runs"), system_file_system(), clock, options);
    ASSERT_TRUE(report) << report.error().text();
    ASSERT_TRUE(report->unreadable_directories.empty());
    // A change within the tick of one that this refresh has seen as settled could hide.
    if (GetParam().is_settled) std::this_thread::sleep_for(std::chrono::milliseconds(12));
  }

  TemporaryDirectory directory_;
  SQLite::Database database_;
  ClockAhead ahead_;
};

Rows difference(const Rows& left, const Rows& right) {
  Rows only;
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(),
                      std::back_inserter(only));
  return only;
}

TEST_P(RandomPool, IsWhatAWalkSaysAfterEveryFewChanges) {
  PoolMutator mutator(directory_.path("runs"), directory_.path("elsewhere"), GetParam().mutations,
                      GetParam().seed);
  std::string steps;
  for (int i = 0; i < 240; ++i) {
    steps += std::to_string(i) + ": " + mutator.step() + "\n";
    if (i % 3 != 0) continue;
    ASSERT_NO_FATAL_FAILURE(refresh());
    const Rows walked = walked_facts(directory_.path("runs"));
    const Rows stored = catalog_facts(database_);
    ASSERT_EQ(difference(walked, stored), Rows{}) << "lacks, after\n" << steps;
    ASSERT_EQ(difference(stored, walked), Rows{}) << "has too much, after\n" << steps;
    ASSERT_EQ(walked.size(), stored.size());
    steps.clear();
  }
  EXPECT_EQ(rows_text(database_, "PRAGMA foreign_key_check"), Rows{});
}

constexpr RandomRun k_runs[] = {
    {"FilesSettled1", CheckLevel::files, Mutations::all, true, 1},
    {"FilesSettled2", CheckLevel::files, Mutations::all, true, 2},
    {"FilesFresh3", CheckLevel::files, Mutations::all, false, 3},
    {"FilesFresh4", CheckLevel::files, Mutations::all, false, 4},
    {"DirsSettled5", CheckLevel::dirs, Mutations::by_name, true, 5},
    {"DirsSettled6", CheckLevel::dirs, Mutations::by_name, true, 6},
    {"DirsSettled7", CheckLevel::dirs, Mutations::by_name, true, 7},
    {"DirsFresh8", CheckLevel::dirs, Mutations::by_name, false, 8},
    {"BytesFresh9", CheckLevel::bytes, Mutations::all, false, 9},
};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPool, testing::ValuesIn(k_runs),
                         [](const auto& run) { return run.param.name; });

}  // namespace
}  // namespace ktstr::test
