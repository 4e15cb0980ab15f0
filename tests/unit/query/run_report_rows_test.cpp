// SPDX-License-Identifier: MIT
#include "query/run_report_rows.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

#include "query/sessions.hpp"
#include "support/fake_pool.hpp"

namespace ktstr::test {
namespace {

/// Records of few values, so that ties, repeats and empty parts are common.
class RandomRecords {
 public:
  explicit RandomRecords(unsigned seed) : random_(seed) {}

  Record next() {
    static const std::vector<std::string> names = {
        "a", "b", "名前 wide", "esc\x1b[31m", "B", "ab", "a name of more than twenty-five letters"};
    Record record = small_record(any_of(names));
    record.topology = any_of({"1n1l2c1t", "1n2l4c1t", "2n2l8c2t", "t\n"});
    record.work_type = any_of({"SpinWait", "FutexPingPong"});
    record.passed = below(4) != 0;
    record.skipped = below(6) == 0;
    record.inconclusive = below(8) == 0;
    record.timestamp = any_of({"", "2026-07-04T12:00:00Z", "2026-07-03T12:00:00Z"});
    record.stats.worst_spread = number();
    record.stats.worst_gap_ms = below(3000);
    record.stats.total_migrations = below(2) == 0 ? 0 : 1ULL << (below(63));
    record.stats.worst_migration_ratio = number();
    for (const char* name : {"worst_p99_wake_latency_us", "worst_wake_latency_cv",
                             "worst_mean_run_delay_us", "worst_run_delay_us", "stuck_count"}) {
      if (below(2) == 0) record.stats.ext_metrics[name] = number();
    }
    // More than a row of the catalog's series takes.
    for (std::uint64_t i = below(2) * 80; i > 0; --i) {
      record.stats.ext_metrics["m" + std::to_string(i)] = number();
    }
    if (below(4) != 0) add_monitor(record);
    for (std::uint64_t i = below(4); i > 0; --i) {
      record.verifier_stats.push_back(
          {{}, any_of(names), static_cast<std::uint32_t>(below(900'000))});
    }
    if (below(3) != 0) add_kvm(record);
    return record;
  }

  std::uint64_t below(std::uint64_t end) { return random_() % end; }

 private:
  const std::string& any_of(const std::vector<std::string>& values) {
    picked_ = values[below(values.size())];
    return picked_;
  }
  double number() {
    static constexpr double k_numbers[] = {0, 0.05, 0.25, 1, 2.5, 7.35, 1000.125, 1e18, -3.5};
    return k_numbers[below(std::size(k_numbers))];
  }

  void add_monitor(Record& record) {
    MonitorSummary& monitor = record.monitor.emplace();
    monitor.total_samples = below(2);
    monitor.max_imbalance_ratio = number();
    monitor.max_local_dsq_depth = static_cast<std::uint32_t>(below(9));
    monitor.stuck_count = below(3);
    if (below(2) == 0) {
      monitor.event_deltas.emplace();
      monitor.event_deltas->total_fallback = static_cast<std::int64_t>(below(50)) - 10;
      monitor.event_deltas->total_dispatch_keep_last = static_cast<std::int64_t>(below(50));
    }
    if (below(3) == 0) {
      BpfMapFieldValue field;
      field.key = "worst_run_delay_us";
      field.value = number();
      monitor.bpf_map_fields = {field, field};
      monitor.bpf_map_fields->back().value = number();
    }
    if (below(3) == 0) return;
    monitor.prog_stats_deltas.emplace();
    for (std::uint64_t i = below(3); i > 0; --i) {
      monitor.prog_stats_deltas->push_back(
          {{}, any_of({"p", "", "q\t"}), below(1000), below(1'000'000), number()});
    }
  }

  void add_kvm(Record& record) {
    record.kvm_stats.emplace();
    record.kvm_stats->per_vcpu.resize(below(4));
    for (auto& vcpu : record.kvm_stats->per_vcpu) {
      for (const char* name :
           {"exits", "halt_exits", "halt_wait_ns", "halt_successful_poll", "halt_attempted_poll",
            "preemption_reported", "signal_exits", "hypercalls", "something_else"}) {
        if (below(8) != 0) vcpu.emplace_back(name, below(10'000'000));
      }
    }
  }

  std::mt19937 random_;
  std::string picked_;
};

RunReport load(FakePool& pool, const NamedRun& run) {
  auto report = load_run_report(pool.database(), run);
  if (!report) {
    ADD_FAILURE() << report.error().text();
    return {};
  }
  return *report;
}

std::string scenarios(const RunReport& report) {
  std::string names;
  for (const GauntletRow& row : report.rows) names += (names.empty() ? "" : " ") + row.scenario;
  return names;
}

class StoredRunReport : public testing::TestWithParam<unsigned> {};

TEST_P(StoredRunReport, SaysWhatTheRecordsSay) {
  RandomRecords random(GetParam());
  FakePool pool;
  std::map<std::tuple<std::string, std::string>, Record> files;
  for (int i = 0; i < 60; ++i) {
    const std::string job = random.below(3) == 0 ? "job" + std::to_string(random.below(3)) : "";
    const std::string name = std::to_string(i) + ".ktstr.json";
    Record record = random.next();
    pool.put("run/" + (job.empty() ? name : job + "/" + name), encode_record(record));
    files.emplace(std::tuple(job, name), std::move(record));
  }
  pool.refresh();
  RunReport expected;
  for (const auto& [place, record] : files) add_result(expected, record);
  const RunReport loaded = load(pool, {"run"});
  EXPECT_EQ(run_report_text(loaded), run_report_text(expected));
  EXPECT_EQ(loaded.first_timestamp, expected.first_timestamp);
  ASSERT_EQ(loaded.rows.size(), expected.rows.size());
  for (std::size_t i = 0; i < loaded.rows.size(); ++i) {
    EXPECT_EQ(loaded.rows[i].metrics, expected.rows[i].metrics) << i;
    EXPECT_EQ(loaded.rows[i].is_pass(), expected.rows[i].is_pass()) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoredRunReport, testing::Range(1U, 9U));

TEST(StoredRunReport, IsOrderedByJobAndFileNameInByteOrder) {
  FakePool pool;
  for (const char* path : {"run/b", "run/a", "run/B", "run/job/z", "run/job-1/c", "run/zz"}) {
    const std::string name(path);
    pool.put(name + ".ktstr.json", sidecar_of(name.substr(name.rfind('/') + 1)));
  }
  pool.refresh();
  EXPECT_EQ(scenarios(load(pool, {"run"})), "B a b zz z c");
}

TEST(StoredRunReport, IsOfOneRunOrOneJob) {
  FakePool pool;
  pool.put("run/a.ktstr.json", sidecar_of("a"));
  pool.put("run/job/b.ktstr.json", sidecar_of("b"));
  pool.put("run2/job/c.ktstr.json", sidecar_of("c"));
  pool.refresh();
  EXPECT_EQ(scenarios(load(pool, {"run"})), "a b");
  EXPECT_EQ(scenarios(load(pool, {"run", "job"})), "b");
  EXPECT_EQ(scenarios(load(pool, {"run", ""})), "a");
  EXPECT_EQ(scenarios(load(pool, {"nothing"})), "");
}

TEST(StoredRunReport, LeavesOutWhatBreaksTheContract) {
  FakePool pool;
  pool.put("run/a.ktstr.json", sidecar_of("a"));
  pool.put("run/b.ktstr.json", k_drifted);
  pool.put("run/job/c.ktstr.json", k_corrupt);
  pool.put("run2/d.ktstr.json", k_corrupt);
  pool.refresh();
  EXPECT_EQ(scenarios(load(pool, {"run"})), "a");
}

TEST(StoredRunReport, KeepsAVmWithAnEmptyListApartFromNone) {
  FakePool pool;
  Record record = small_record("a");
  record.kvm_stats.emplace();
  pool.put("run/a.ktstr.json", encode_record(record));
  pool.put("run/b.ktstr.json", sidecar_of("b"));
  pool.refresh();
  EXPECT_EQ(load(pool, {"run"}).kvm.size(), 1U);
}

TEST(StoredRunReport, HasCountersBeyondTheRangeOfSqliteAsNearAsADouble) {
  FakePool pool;
  Record record = small_record("a");
  record.monitor.emplace();
  record.monitor->prog_stats_deltas.emplace();
  record.monitor->prog_stats_deltas->push_back({{}, "p", 1ULL << 63, ~0ULL, 1});
  pool.put("run/a.ktstr.json", encode_record(record));
  pool.refresh();
  const CallbackProgram program = load(pool, {"run"}).callbacks.at(0).programs.at(0);
  EXPECT_EQ(program.cnt, 1ULL << 63);
  EXPECT_EQ(program.nsecs, ~0ULL);
}

TEST(NewestRuns, ComeFirstAndOfEqualsTheLastName) {
  FakePool pool;
  for (const char* run : {"old-1", "b-1", "c-1", "new-1", ".archive"}) {
    pool.put(std::string(run) + "/job/a.ktstr.json", sidecar_of("a"));
  }
  pool.refresh();
  pool.database().exec(
      "UPDATE directory SET entry_mtime_ns = CASE run_dir WHEN 'old-1' THEN 1 WHEN 'new-1' THEN 3 "
      "WHEN '.archive' THEN 4 ELSE 2 END");
  const auto runs = runs_newest_first(pool.database());
  ASSERT_TRUE(runs);
  EXPECT_EQ(*runs, (std::vector<std::string>{"new-1", "c-1", "b-1", "old-1"}));
}

TEST(NewestRuns, BelongToAKernelByTheWholeLabelOrItsSeries) {
  EXPECT_TRUE(has_kernel_label("6.14.2-abc1234", "6.14.2"));
  EXPECT_TRUE(has_kernel_label("6.14-rc3-abc1234", "6.14-rc3"));
  EXPECT_TRUE(has_kernel_label("6.14.2-abc1234", "6.14"));
  EXPECT_FALSE(has_kernel_label("6.14.2-abc1234", "6.1"));
  EXPECT_FALSE(has_kernel_label("6.14.2.1-abc1234", "6.14.2"));
  EXPECT_FALSE(has_kernel_label("6.14.2", "6.14.2"));
}

TEST(NewestRuns, SuggestTheNearestLabelsOnce) {
  const std::vector<std::string> runs = {"7.0.0-abc1234", "6.14.2-abc1234-dirty", "6.14.2-def5678",
                                         "6.14-rc3-abc1234", "unknown-unknown"};
  EXPECT_EQ(nearest_kernel_labels("6.14.3", runs, 2),
            (std::vector<std::string>{"6.14.2", "6.14-rc3"}));
  EXPECT_EQ(nearest_kernel_labels("x", {}, 3), std::vector<std::string>{});
}

}  // namespace
}  // namespace ktstr::test
