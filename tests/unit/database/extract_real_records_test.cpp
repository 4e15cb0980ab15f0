// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/fake_pool.hpp"
#include "support/shared_data.hpp"

namespace ktstr::test {
namespace {

// The complete example and the real file through the views, against values read off the files.

class RealRecords : public testing::Test {
 protected:
  /// False if the data isn't there.
  bool index(const char* file) {
    const auto path = shared_data_path(file);
    if (!path) return false;
    std::ifstream stream(*path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::string full(file);
    pool_.put("run/" + full.substr(full.rfind('/') + 1), bytes);
    pool_.refresh();
    return true;
  }

  static constexpr const char* k_example = "example.ktstr.json";
  static constexpr const char* k_real = "real/sched_basic_proportional-6.14.11-85c72e1.ktstr.json";

  FakePool pool_;
};

TEST_F(RealRecords, HaveTheExamplesIdentity) {
  if (!index(k_example)) GTEST_SKIP() << "no shared data";
  EXPECT_EQ(pool_.rows("SELECT test_name, topology, scheduler, resolve_source, project_commit, "
                       "payload, work_type, kernel_version, kernel_series, kernel_commit, "
                       "run_source, verdict, expected_failure, vcpus, cpu_budget, overcommitted, "
                       "timestamp, time_ns, run_id, periodic_fired, periodic_target, "
                       "cleanup_duration_ms, throughput_denomination, arch, host_release, contract "
                       "FROM results"),
            (Rows{"sched_mixed_wakers|1n1l2c1t|ktstr_sched|auto_built|73730e0-dirty|fio_randread|"
                  "FutexPingPong|6.14.11|6.14|1a2b3c4|local|pass|0|2|2|0|2026-07-04T21:41:43Z|"
                  "1783201303000000000|20260704T214120Z-0|39|40|30|wall|x86_64|6.13.2-0_lab15|"
                  "ok"}));
  EXPECT_EQ(pool_.rows("SELECT scheduler_commit, file_hash, session, host_dilation, error, job "
                       "FROM results"),
            (Rows{"NULL|NULL|NULL|NULL|NULL|"}));
}

TEST_F(RealRecords, HaveTheExamplesTypedMetrics) {
  if (!index(k_example)) GTEST_SKIP() << "no shared data";
  EXPECT_EQ(pool_.rows("SELECT monitor_samples, worst_gap_ms, total_migrations, "
                       "max_imbalance_ratio, max_dsq_depth, stuck_count, total_fallback, "
                       "total_keep_last, total_iterations FROM results"),
            (Rows{"124|7|29|4.0|3|0|37|1184|680258"}));
}

TEST_F(RealRecords, HaveTheExamplesMetricsByPhaseAndCgroup) {
  if (!index(k_example)) GTEST_SKIP() << "no shared data";
  const auto metric = [&](const std::string& name) {
    return pool_.rows("SELECT phase, phase_label, cgroup, value FROM metrics WHERE metric = '" +
                      name + "' ORDER BY phase, cgroup");
  };
  EXPECT_EQ(metric("worst_median_wake_latency_us"), (Rows{"NULL|NULL|NULL|7.001"}));
  EXPECT_EQ(metric("total_schedstat_wall_sec"), (Rows{"NULL|NULL|NULL|12.1"}));
  EXPECT_EQ(metric("lb_count_mc"), (Rows{"NULL|NULL|NULL|43.0"}));
  EXPECT_EQ(metric("p99_wake_latency_us"),
            (Rows{"NULL|NULL|cg_0|31.008", "NULL|NULL|cg_1|41.877", "1|Step[0]|cg_0|18.044",
                  "1|Step[0]|cg_1|25.102", "2|Step[1]|cg_0|31.008", "2|Step[1]|cg_1|41.877"}));
  EXPECT_EQ(metric("worst_timer_latency_us"), Rows{});
  EXPECT_EQ(metric("start_ms"), (Rows{"1|Step[0]|NULL|6.0", "2|Step[1]|NULL|6041.0"}));
  EXPECT_EQ(metric("wake_latencies_ns_p50"),
            (Rows{"1|Step[0]|cg_0|4876.0", "1|Step[0]|cg_1|8120.0", "2|Step[1]|cg_0|5377.0",
                  "2|Step[1]|cg_1|7222.0"}));
}

TEST_F(RealRecords, HaveTheExamplesSmallLists) {
  if (!index(k_example)) GTEST_SKIP() << "no shared data";
  EXPECT_EQ(pool_.rows("SELECT position, program, verified_insns FROM verifier_programs"),
            (Rows{"0|ktstr_enqueue|32", "1|ktstr_dispatch|29072"}));
  EXPECT_EQ(
      pool_.rows("SELECT position, program, cnt, nsecs, round(nsecs_per_call, 3) FROM callbacks"),
      (Rows{"0|ktstr_enqueue|5166|201380|38.982", "1|ktstr_dispatch|6492|1980753|305.107",
            "2|ktstr_init|0|0|0.0"}));
  EXPECT_EQ(pool_.rows("SELECT payload_index, position, name, value, polarity, target, unit, "
                       "stream, exit_code FROM payload_metrics LIMIT 3 OFFSET 1"),
            (Rows{"0|1|jobs.0.read.iops|12207.75|HigherBetter|NULL|iops|Stdout|0",
                  "0|2|jobs.0.sys_cpu|21.5|TargetValue|20.0|%|Stdout|0",
                  "0|3|jobs.0.usr_cpu|7.25|Unknown|NULL||Stdout|0"}));
  EXPECT_EQ(pool_.rows("SELECT sum, avg, vcpus FROM kvm_stats WHERE stat = 'hypercalls'"),
            (Rows{"0|0|2"}));
}

TEST_F(RealRecords, HaveTheExamplesHost) {
  if (!index(k_example)) GTEST_SKIP() << "no shared data";
  EXPECT_EQ(pool_.rows("SELECT cpu_vendor, total_memory_kib, online_cpus, numa_nodes, "
                       "task_delayacct, config_task_xacct, "
                       "json_extract(sched_tunables, '$.sched_rr_timeslice_ms'), "
                       "json_extract(heap_state, '$.narenas') FROM hosts"),
            (Rows{"AuthenticAMD|65831188|12|1|runtime_off|on|100|48"}));
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM results r JOIN hosts h USING(host_key)"), (Rows{"1"}));
}

TEST_F(RealRecords, AreTakenFromANewerProducer) {
  if (!index(k_real)) GTEST_SKIP() << "no shared data";
  EXPECT_EQ(
      pool_.rows(
          "SELECT test_name, file_hash, contract, throughput_denomination, "
          "round(host_dilation, 4), total_fallback, total_keep_last, kernel_commit FROM pool"),
      (Rows{"sched_basic_proportional|NULL|ok|cpu_sec|1.0006|NULL|NULL|NULL"}));
  EXPECT_EQ(pool_.rows("SELECT metric, value FROM metrics WHERE metric LIKE 'total_schedstat%'"),
            (Rows{"total_schedstat_vcpu_sec|12.035079799"}));
  // Pages were counted there, and none was local.
  EXPECT_EQ(
      pool_.rows("SELECT value FROM metrics WHERE metric = 'page_locality' AND phase IS NULL"),
      (Rows{"0.0", "0.0"}));
  EXPECT_EQ(pool_.rows("SELECT count(*) FROM metrics WHERE metric = 'p99_wake_latency_us'"),
            (Rows{"0"}));
}

}  // namespace
}  // namespace ktstr::test
