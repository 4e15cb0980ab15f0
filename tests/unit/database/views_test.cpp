// SPDX-License-Identifier: MIT
#include "database/views.hpp"

#include <gtest/gtest.h>

#include "support/fake_pool.hpp"

namespace ktstr::test {
namespace {

class Views : public testing::Test {
 protected:
  void put(const std::string& name, const Record& record) {
    pool_.put(name, encode_record(record));
  }

  FakePool pool_;
};

TEST_F(Views, CountVerdictsOfARunDirectoryWithItsJobs) {
  put("run/a.ktstr.json", small_record("a"));
  Record failed = small_record("b");
  failed.passed = false;
  put("run/job/b.ktstr.json", failed);
  Record skipped = small_record("c");
  skipped.skipped = true;  // an illegal mix: counted once, as a skip
  put("run/c.ktstr.json", skipped);
  Record inconclusive = small_record("d");
  inconclusive.passed = false;
  inconclusive.inconclusive = true;
  put("run/d.ktstr.json", inconclusive);
  pool_.put("run/e.ktstr.json", k_drifted);
  pool_.put("run/f.ktstr.json", k_corrupt);
  pool_.files().make_fifo("/runs/run/g.ktstr.json");
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT tests, pass, fail, skip, inconclusive, drift, corrupt, unreadable "
                       "FROM run_dirs"),
            (Rows{"4|1|1|1|1|1|1|1"}));
}

TEST_F(Views, ShowEmptyRunDirectoriesButNoJobs) {
  pool_.files().make_directory("/runs/empty");
  put("run/job/a.ktstr.json", small_record("a"));
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT run_dir, tests, first_timestamp, kernel_version FROM run_dirs "
                       "ORDER BY run_dir"),
            (Rows{"empty|0|NULL|NULL", "run|1|2026-07-04T12:00:00Z|6.14.2"}));
}

TEST_F(Views, ShowNoSharedValueWhereTheRowsDisagree) {
  Record other = small_record("b");
  other.kernel_version = "6.15.0";
  other.timestamp = "2026-07-05T00:00:00Z";
  put("run/a.ktstr.json", small_record("a"));
  put("run/b.ktstr.json", other);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT kernel_version, project_commit, first_timestamp, last_timestamp "
                       "FROM run_dirs"),
            (Rows{"NULL|abc1234|2026-07-04T12:00:00Z|2026-07-05T00:00:00Z"}));
}

TEST_F(Views, MarkDriftInResultsAndLeaveItOutOfThePool) {
  put("run/a.ktstr.json", small_record("a"));
  pool_.put("run/b.ktstr.json", k_drifted);
  pool_.put("run/c.ktstr.json", k_corrupt);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT test_name, contract, error IS NULL FROM results ORDER BY path"),
            (Rows{"a|ok|1", "drifted|drift|0"}));
  EXPECT_EQ(pool_.rows("SELECT test_name FROM pool"), (Rows{"a"}));
}

TEST_F(Views, KnowNoOvercommitWhereEitherNumberIsUnknown) {
  Record record = small_record("a");
  record.cpu_budget = 1;
  put("run/a.ktstr.json", record);
  record.cpu_budget = 0;
  put("run/b.ktstr.json", record);
  record.cpu_budget = 2;
  put("run/c.ktstr.json", record);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT overcommitted FROM results ORDER BY path"),
            (Rows{"1", "NULL", "0"}));
}

TEST_F(Views, UnpackASeriesOfMoreMetricsThanARowHolds) {
  Record record = small_record("a");
  for (int i = 0; i < 200; ++i) record.stats.ext_metrics["metric" + std::to_string(i)] = i;
  put("run/a.ktstr.json", record);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT count(*), sum(value) FROM metrics WHERE metric LIKE 'metric%'"),
            (Rows{"200|19900.0"}));
  EXPECT_EQ(pool_.rows("SELECT value FROM metrics WHERE metric = 'metric123'"), (Rows{"123.0"}));
}

TEST_F(Views, KeepRepeatedAndEmptyNamesApartByPosition) {
  Record record = small_record("a");
  record.verifier_stats = {{{}, "same", 1}, {{}, "same", 2}, {{}, "", 3}};
  record.metrics.resize(2);
  for (PayloadMetrics& payload : record.metrics) payload.metrics.resize(2);
  put("run/a.ktstr.json", record);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT position, program FROM verifier_programs ORDER BY position"),
            (Rows{"0|same", "1|same", "2|"}));
  EXPECT_EQ(pool_.rows("SELECT payload_index, position, name FROM payload_metrics"),
            (Rows{"0|0|", "0|1|", "0|0|", "0|1|"}));
}

TEST_F(Views, AverageKvmStatisticsOverAllVcpusTruncated) {
  Record record = small_record("a");
  record.kvm_stats.emplace().per_vcpu = {{{"exits", 7}}, {}};
  put("run/a.ktstr.json", record);
  record.kvm_stats->per_vcpu = {{{"exits", 18446744073709551615ULL}}};
  put("run/b.ktstr.json", record);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT stat, sum, avg, vcpus FROM kvm_stats ORDER BY sidecar_id"),
            (Rows{"exits|7|3|2", "exits|1.84467440737096e+19|1.84467440737096e+19|1"}));
}

TEST_F(Views, ShowTheHeapOfAHostsNewestRecord) {
  Record record = small_record("a");
  record.host.emplace().arch = "x86_64";
  record.host->heap_state.emplace().narenas = 1;
  put("run/a.ktstr.json", record);
  record.timestamp = "2026-07-05T00:00:00Z";
  record.host->heap_state->narenas = 2;
  put("run/b.ktstr.json", record);
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT arch, heap_state FROM hosts"), (Rows{R"(x86_64|{"narenas":2})"}));
}

TEST_F(Views, SumASessionOverItsRunDirectories) {
  for (const char* run : {"one", "two"}) {
    pool_.put(std::string(run) + "/.ktstr_run_epoch", "42");
    put(std::string(run) + "/a.ktstr.json", small_record("a"));
    put(std::string(run) + "/job/b.ktstr.json", small_record("b"));
  }
  pool_.refresh();
  EXPECT_EQ(pool_.rows("SELECT session, state, run_dirs, tests, pass, fail FROM sessions "
                       "WHERE NOT inferred"),
            (Rows{"42|unknown|2|2|2|0"}));
}

}  // namespace
}  // namespace ktstr::test
