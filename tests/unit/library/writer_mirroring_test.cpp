// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>

#include "environment/places.hpp"
#include "ktstr/record.hpp"
#include "library/open_index.hpp"
#include "library/writer.hpp"
#include "support/child_process.hpp"
#include "support/rows_text.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"
#include "support/walker_oracle.hpp"

namespace ktstr::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A runs root of its own, which the environment names by a link. The process's warning is given
/// once, so what complains does so in a child.
class MirroringFixture : public testing::Test {
 protected:
  MirroringFixture() {
    std::filesystem::create_directory(directory_.path("real"));
    std::filesystem::create_directory_symlink("real", directory_.path("runs"));
    values_ = {{"KTSTR_RUNS_ROOT", directory_.path("runs")},
               {"KTSTR_KERNEL", "6.14.2"},
               {"KTSTR_PROJECT_COMMIT", "abc1234"},
               {"KTSTR_CACHE_DIR", directory_.path("no-cache")},
               {"KTSTR_RUN_EPOCH", "session"}};
    options_.variables = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = values_.find(name);
      return found == values_.end() ? std::nullopt : std::optional(found->second);
    };
    options_.messages = [this](std::string_view line) { lines_.emplace_back(line); };
  }

  Result<WrittenSidecar> write(const std::string& test_name) {
    return write_sidecar(small_record(test_name), options_);
  }
  [[nodiscard]] std::string catalog_path() const {
    return default_catalog_path(directory_.path("real"));
  }
  [[nodiscard]] bool has_catalog() const { return std::filesystem::exists(catalog_path()); }
  /// With nothing looked at.
  Rows rows(const std::string& sql, CheckLevel level = CheckLevel::none) {
    OpenIndexOptions options;
    options.variables = options_.variables;
    auto index = OpenIndex::open(options).value();
    EXPECT_TRUE(index.make_fresh(level));
    return rows_text(index.database(), sql);
  }
  Rows tests() { return rows("SELECT test_name || ' ' || verdict FROM results ORDER BY 1"); }

  TemporaryDirectory directory_;
  std::map<std::string, std::string> values_;
  WriterOptions options_;
  Rows lines_;
};

using Mirroring = MirroringFixture;
using ConcurrentMirroring = MirroringFixture;

TEST_F(Mirroring, ShowsAResultWithoutALookAtTheFiles) {
  ASSERT_TRUE(write("a"));
  ASSERT_TRUE(write_skip_sidecar(small_record("b"), options_));
  EXPECT_THAT(tests(), ElementsAre("a pass", "b skip"));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(Mirroring, ShowsTheFinalVerdict) {
  const auto written = write("a");
  ASSERT_TRUE(written);
  ASSERT_EQ(finalize_sidecar(written->path, Verdict::fail, options_), FinalizeOutcome::rewritten);
  EXPECT_THAT(tests(), ElementsAre("a fail"));
}

TEST_F(Mirroring, ForgetsWhatTheNextSessionClears) {
  ChildProcess earlier([this] {
    values_["KTSTR_RUN_EPOCH"] = "earlier";
    return write("old") && write("older");
  });
  ASSERT_TRUE(earlier.succeeds());
  EXPECT_THAT(tests(), ElementsAre("old pass", "older pass"));
  ASSERT_TRUE(write("new"));
  EXPECT_THAT(tests(), ElementsAre("new pass"));
}

TEST_F(Mirroring, LeavesDumpsToTheRefresh) {
  const std::string hash = variant_hash_text(variant_hash(small_record("a")));
  directory_.write("real/6.14.2-abc1234/a-" + hash + ".failure-dump.json", "{}");
  EXPECT_EQ(rows("SELECT count(*) FROM artifacts", CheckLevel::dirs), (Rows{"1"}));
  ASSERT_TRUE(suppress_failure_dumps("a", hash, options_));
  EXPECT_EQ(rows("SELECT count(*) FROM artifacts", CheckLevel::dirs), (Rows{"0"}));
}

TEST_F(Mirroring, CanBeLeftOut) {
  options_.mirror = false;
  ASSERT_TRUE(write("a"));
  EXPECT_FALSE(has_catalog());
}

TEST_F(Mirroring, DoesNothingForADirectoryOutsideOfTheRoot) {
  values_["KTSTR_SIDECAR_DIR"] = directory_.path("elsewhere");
  ASSERT_TRUE(write("a"));
  EXPECT_FALSE(has_catalog());
}

TEST_F(Mirroring, TakesAChosenDirectoryInTheRoot) {
  values_["KTSTR_SIDECAR_DIR"] = directory_.path("runs/chosen");
  ASSERT_TRUE(write("a"));
  EXPECT_EQ(rows("SELECT run_dir FROM results"), (Rows{"chosen"}));
}

TEST_F(Mirroring, GoesToTheCatalogThatTheEnvironmentNames) {
  values_["KTSTR_INDEX_CATALOG"] = directory_.path("catalogs/one.sqlite3");
  ASSERT_TRUE(write("a"));
  EXPECT_FALSE(has_catalog());
  EXPECT_THAT(tests(), ElementsAre("a pass"));
}

TEST_F(Mirroring, KeepsTwoRootsApart) {
  ASSERT_TRUE(write("a"));
  values_["KTSTR_RUNS_ROOT"] = directory_.path("other");
  ASSERT_TRUE(write("b"));
  EXPECT_THAT(tests(), ElementsAre("b pass"));
  values_["KTSTR_RUNS_ROOT"] = directory_.path("runs");
  EXPECT_THAT(tests(), ElementsAre("a pass"));
}

TEST_F(Mirroring, WarnsOnceAProcessAndNeverFailsTheWrite) {
  std::filesystem::create_directories(catalog_path() + "/in-the-way");
  ChildProcess child([this] {
    const bool is_written = write("a") && write("b");
    values_["KTSTR_RUNS_ROOT"] = directory_.path("other");
    std::filesystem::create_directories(default_catalog_path(directory_.path("other")) +
                                        "/in-the-way");
    return is_written && write("c") && lines_.size() == 1;
  });
  EXPECT_TRUE(child.succeeds());
}

TEST_F(Mirroring, SurvivesASinkThatThrows) {
  std::filesystem::create_directories(catalog_path() + "/in-the-way");
  ChildProcess child([this] {
    options_.messages = [](std::string_view) { throw std::runtime_error("full"); };
    return write("a").has_value();
  });
  EXPECT_TRUE(child.succeeds());
}

TEST_F(Mirroring, OfAProcessThatIsKilledAfterTheRenameIsRepairedByARefresh) {
  ASSERT_TRUE(write("a"));
  ChildProcess child([this] {
    ktstr::Mirroring mirroring(options_);
    WriterSurroundings surroundings;
    surroundings.observer = mirroring.observer();
    surroundings.at_step = [](WriteStep step) {
      if (step == WriteStep::renamed) ::kill(::getpid(), SIGKILL);
    };
    return write_sidecar(small_record("b"), options_, surroundings).has_value();
  });
  EXPECT_TRUE(child.is_killed());
  EXPECT_THAT(tests(), ElementsAre("a pass"));
  EXPECT_EQ(rows("SELECT test_name FROM results ORDER BY 1", CheckLevel::dirs), (Rows{"a", "b"}));
}

TEST_F(Mirroring, InAChildAfterAForkLeavesTheParentsConnectionAlone) {
  ASSERT_TRUE(write("parent_1"));
  for (const char* const name : {"child_1", "child_2"}) {
    ChildProcess child([this, name] { return write(name).has_value() && lines_.empty(); });
    EXPECT_TRUE(child.succeeds());
    ASSERT_TRUE(write(std::string("parent_after_") + name));
  }
  EXPECT_THAT(tests(), ElementsAre("child_1 pass", "child_2 pass", "parent_1 pass",
                                   "parent_after_child_1 pass", "parent_after_child_2 pass"));
}

TEST_F(ConcurrentMirroring, OfThreadsStoresAllTheirResults) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(write("t" + std::to_string(thread) + "_" + std::to_string(i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tests().size(), 20U);
}

TEST_F(ConcurrentMirroring, OfSixteenProcessesStoresAllTheirResults) {
  {
    std::vector<ChildProcess> writers;
    for (int writer = 0; writer < 16; ++writer) {
      writers.emplace_back([this, writer] {
        bool is_good = true;
        for (int i = 0; i < 25; ++i) {
          is_good &= write("w" + std::to_string(writer) + "_" + std::to_string(i)).has_value();
        }
        return is_good;
      });
    }
    for (ChildProcess& writer : writers) EXPECT_TRUE(writer.succeeds());
  }
#ifndef KTSTR_SANITIZED
  EXPECT_EQ(tests().size(), 400U);
#endif
  // Sanitized, the processes are so slow that a wait may run out; the next look finds what is left.
  EXPECT_EQ(rows("SELECT test_name FROM results", CheckLevel::dirs).size(), 400U);
  EXPECT_EQ(rows("PRAGMA integrity_check"), (Rows{"ok"}));
}

TEST_F(ConcurrentMirroring, BesideProcessesThatRefreshEndsWithWhatAWalkSays) {
  {
    std::vector<ChildProcess> processes;
    for (int writer = 0; writer < 4; ++writer) {
      processes.emplace_back([this, writer] {
        bool is_good = true;
        for (int i = 0; i < 15; ++i) {
          is_good &= write("w" + std::to_string(writer) + "_" + std::to_string(i % 5)).has_value();
        }
        return is_good;
      });
    }
    for (int reader = 0; reader < 2; ++reader) {
      processes.emplace_back([this] {
        for (int i = 0; i < 10; ++i) rows("SELECT count(*) FROM results", CheckLevel::dirs);
        return !HasFailure();
      });
    }
    for (ChildProcess& process : processes) EXPECT_TRUE(process.succeeds());
  }
  OpenIndexOptions options;
  options.variables = options_.variables;
  auto index = OpenIndex::open(options).value();
  ASSERT_TRUE(index.make_fresh(CheckLevel::dirs));
  EXPECT_EQ(catalog_facts(index.database()), walked_facts(directory_.path("real")));
}

}  // namespace
}  // namespace ktstr::test
