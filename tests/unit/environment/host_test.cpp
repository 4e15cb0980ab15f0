// SPDX-License-Identifier: MIT
#include "environment/host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "ktstr/host.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"

namespace ktstr {
namespace {

KernelNamesSource kernel(const KernelNames& names) {
  return [names] { return std::optional(names); };
}

KernelNamesSource some_kernel() { return kernel({"Linux", "6.12.1", "x86_64"}); }

class HostCollectorTest : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& bytes) {
    file_system_.put_file(path, bytes);
  }

  /// A machine all of whose facts carry this number.
  void put_machine(const std::string& number) {
    put("/proc/cpuinfo", "vendor_id : V" + number + "\nmodel name : M" + number + "\n\n");
    put("/proc/meminfo", "MemTotal: " + number + "1 kB\nHugePages_Total: " + number +
                             "2\nHugePages_Free: " + number + "3\nHugepagesize: " + number +
                             "4 kB\n");
    put("/proc/cmdline", "quiet" + number + "\n");
    put("/proc/sys/kernel/sched_x", number + "\n");
    put("/proc/sys/kernel/task_delayacct", number == "1" ? "1\n" : "0\n");
    put("/sys/kernel/mm/transparent_hugepage/enabled", "[always" + number + "]\n");
    put("/sys/kernel/mm/transparent_hugepage/defrag", "[never" + number + "]\n");
    put("/sys/devices/system/cpu/online", "0-" + std::to_string(std::stoi(number) - 1) + "\n");
    put("/boot/config-6.12.1", number == "1" ? "CONFIG_TASK_XACCT=y\n" : "");
    for (int cpu = 0; cpu < std::stoi(number); ++cpu) {
      const std::string name = std::to_string(cpu);
      const std::string directory = "/sys/devices/system/cpu/cpu" + name;
      put(directory + "/cpufreq/scaling_governor", "G" + number + "\n");
      put(directory + "/cache/index3/level", "3\n");
      put(directory + "/cache/index3/id", name + "\n");
      file_system_.make_directory(directory + "/node" + name);
    }
  }

  test::FakeClock clock_;
  test::FakeFileSystem file_system_{clock_};
};

void expect_stable_facts_of_machine_one(const HostContext& host) {
  EXPECT_EQ(host.cpu_vendor, "V1");
  EXPECT_EQ(host.cpu_model, "M1");
  EXPECT_EQ(host.total_memory_kib, 11U);
  EXPECT_EQ(host.hugepages_size_kib, 14U);
  EXPECT_EQ(host.online_cpus, 1U);
  EXPECT_EQ(host.numa_nodes, 1U);
  EXPECT_EQ(host.cpufreq_governor, (std::map<std::uint64_t, std::string>{{0, "G1"}}));
  EXPECT_EQ(host.config_task_xacct, XacctState::on);
}

TEST_F(HostCollectorTest, ReadsEveryFieldFromItsSource) {
  put_machine("1");
  HostCollector collector(file_system_, "", some_kernel());
  const HostContext host = collector.collect();
  expect_stable_facts_of_machine_one(host);
  EXPECT_EQ(host.hugepages_total, 12U);
  EXPECT_EQ(host.hugepages_free, 13U);
  EXPECT_EQ(host.thp_enabled, "[always1]");
  EXPECT_EQ(host.thp_defrag, "[never1]");
  EXPECT_EQ(host.sched_tunables, (std::map<std::string, std::string>{{"sched_x", "1"}}));
  EXPECT_EQ(host.kernel_name, "Linux");
  EXPECT_EQ(host.kernel_release, "6.12.1");
  EXPECT_EQ(host.arch, "x86_64");
  EXPECT_EQ(host.kernel_cmdline, "quiet1");
  EXPECT_EQ(host.task_delayacct, DelayacctState::on);
}

TEST_F(HostCollectorTest, KeepsStableFactsFromTheFirstCollect) {
  put_machine("1");
  HostCollector collector(file_system_, "", some_kernel());
  (void)collector.collect();
  put_machine("2");
  expect_stable_facts_of_machine_one(collector.collect());

  HostCollector fresh(file_system_, "", some_kernel());
  EXPECT_EQ(fresh.collect().cpu_model, "M2");
  EXPECT_EQ(fresh.collect().numa_nodes, 2U);
}

TEST_F(HostCollectorTest, ReadsChangingFactsAtEachCollect) {
  put_machine("1");
  HostCollector collector(file_system_, "", some_kernel());
  (void)collector.collect();
  put_machine("2");
  const HostContext host = collector.collect();
  EXPECT_EQ(host.hugepages_total, 22U);
  EXPECT_EQ(host.hugepages_free, 23U);
  EXPECT_EQ(host.thp_enabled, "[always2]");
  EXPECT_EQ(host.thp_defrag, "[never2]");
  EXPECT_EQ(host.sched_tunables, (std::map<std::string, std::string>{{"sched_x", "2"}}));
  EXPECT_EQ(host.kernel_cmdline, "quiet2");
  EXPECT_EQ(host.task_delayacct, DelayacctState::runtime_off);
}

TEST_F(HostCollectorTest, DropsAChangingFactThatBecomesUnreadable) {
  put_machine("1");
  HostCollector collector(file_system_, "", some_kernel());
  (void)collector.collect();
  file_system_.remove("/proc");
  const HostContext host = collector.collect();
  EXPECT_EQ(host.hugepages_total, std::nullopt);
  EXPECT_EQ(host.sched_tunables, std::nullopt);
  EXPECT_EQ(host.kernel_cmdline, std::nullopt);
  EXPECT_EQ(host.total_memory_kib, 11U);
}

TEST_F(HostCollectorTest, KeepsAFailedFirstReadAsAbsent) {
  HostCollector collector(file_system_, "", [] { return std::optional<KernelNames>(); });
  (void)collector.collect();
  put_machine("1");
  const HostContext host = collector.collect();
  EXPECT_EQ(host.cpu_model, std::nullopt);
  EXPECT_EQ(host.cpu_vendor, std::nullopt);
  EXPECT_EQ(host.total_memory_kib, std::nullopt);
  EXPECT_EQ(host.hugepages_size_kib, std::nullopt);
  EXPECT_EQ(host.online_cpus, std::nullopt);
  EXPECT_EQ(host.numa_nodes, std::nullopt);
  EXPECT_TRUE(host.cpufreq_governor.empty());
  EXPECT_EQ(host.config_task_xacct, XacctState::unknown);
  EXPECT_EQ(host.hugepages_total, 12U);
}

TEST_F(HostCollectorTest, AsksForTheKernelsNamesOnceEvenIfItFails) {
  int asked = 0;
  HostCollector collector(file_system_, "", [&asked] {
    ++asked;
    return std::optional<KernelNames>();
  });
  EXPECT_EQ(collector.collect().kernel_name, std::nullopt);
  EXPECT_EQ(collector.collect().arch, std::nullopt);
  EXPECT_EQ(asked, 1);
}

TEST_F(HostCollectorTest, HasTheKernelsNamesWithoutProcAndSys) {
  HostCollector collector(file_system_, "", some_kernel());
  HostContext expected;
  expected.kernel_name = "Linux";
  expected.kernel_release = "6.12.1";
  expected.arch = "x86_64";
  expected.config_task_xacct = XacctState::unknown;
  EXPECT_TRUE(host_equal(collector.collect(), expected));
}

TEST_F(HostCollectorTest, LeavesOutAKernelNameThatIsNotUtf8) {
  HostCollector collector(file_system_, "", kernel({"Linux", "6.12\xFF", ""}));
  const HostContext host = collector.collect();
  EXPECT_EQ(host.kernel_name, "Linux");
  EXPECT_EQ(host.kernel_release, std::nullopt);
  EXPECT_EQ(host.arch, "");
}

TEST_F(HostCollectorTest, ReadsMemoryInfoOnceForEachCollect) {
  put_machine("1");
  HostCollector collector(file_system_, "", some_kernel());
  (void)collector.collect();
  (void)collector.collect();
  const auto read = file_system_.read();
  EXPECT_EQ(std::count(read.begin(), read.end(), "/proc/meminfo"), 2);
  EXPECT_EQ(std::count(read.begin(), read.end(), "/proc/cpuinfo"), 1);
}

TEST_F(HostCollectorTest, PutsThePrefixBeforeEveryPath) {
  put_machine("1");
  HostCollector collector(file_system_, "/elsewhere", some_kernel());
  EXPECT_EQ(collector.collect().cpu_model, std::nullopt);
  for (const std::string& path : file_system_.opened()) {
    EXPECT_TRUE(path.starts_with("/elsewhere/")) << path;
  }
}

TEST_F(HostCollectorTest, NeverClaimsAHeapState) {
  put_machine("1");
  HostCollector collector(file_system_, "", some_kernel());
  EXPECT_FALSE(collector.collect().heap_state);
}

TEST(ConcurrentHostCollector, ReadsStableFactsOnceAndGivesAllThreadsTheSame) {
  const test::FakeClock clock;
  test::FakeFileSystem file_system(clock);
  file_system.put_file("/proc/cpuinfo", "model name: M\n");
  std::atomic<int> asked = 0;
  HostCollector collector(file_system, "", [&asked] {
    ++asked;
    return std::optional(KernelNames{"Linux", "6", "x"});
  });
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&collector, &good] {
      for (int round = 0; round < 20; ++round) good += collector.collect().cpu_model == "M" ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 160);
  EXPECT_EQ(asked, 1);
  const auto read = file_system.read();
  EXPECT_EQ(std::count(read.begin(), read.end(), "/proc/cpuinfo"), 1);
}

TEST(CollectHostContext, DescribesThisMachine) {
  const HostContext host = collect_host_context();
  EXPECT_EQ(host.kernel_name, "Linux");
  EXPECT_TRUE(host.kernel_release);
  EXPECT_TRUE(host.total_memory_kib);
  EXPECT_GE(host.online_cpus.value_or(1), 1U);
  EXPECT_FALSE(host.heap_state);
}

class HostTopologyProbe : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& bytes) {
    file_system_.put_file("/sys/devices/system/cpu/" + path, bytes);
  }
  void put_cpu(const std::string& cpu, const std::string& node) {
    file_system_.make_directory("/sys/devices/system/cpu/" + cpu);
    file_system_.make_symlink("/sys/devices/system/cpu/" + cpu + "/" + node, "../../node/" + node);
  }
  void put_cache(const std::string& cpu, const std::string& index, const std::string& level,
                 const std::string& id) {
    put(cpu + "/cache/" + index + "/level", level + "\n");
    put(cpu + "/cache/" + index + "/id", id + "\n");
  }
  [[nodiscard]] std::uint64_t nodes() { return probe_host_topology(files_)->numa_nodes; }

  test::FakeClock clock_;
  test::FakeFileSystem file_system_{clock_};
  HostFiles files_{file_system_, ""};
};

TEST_F(HostTopologyProbe, FailsWhenTheOnlineListIsMissingWrongOrEmpty) {
  put_cpu("cpu0", "node0");
  EXPECT_FALSE(probe_host_topology(files_));
  for (const char* const text : {"0-x\n", "\n", ",", "3-1", "0\xFF"}) {
    put("online", text);
    EXPECT_FALSE(probe_host_topology(files_)) << text;
  }
  put("online", "0\n");
  EXPECT_TRUE(probe_host_topology(files_));
}

TEST_F(HostTopologyProbe, CountsOnceEachCpuThatHasADirectory) {
  put("online", "0-3,1,9");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node0");
  put("cpu2", "a file");
  EXPECT_EQ(probe_host_topology(files_)->online_cpus, 2U);
}

TEST_F(HostTopologyProbe, HasNoCpuButANodeWhenNoDirectoryIsThere) {
  put("online", "0-3");
  ASSERT_TRUE(probe_host_topology(files_));
  EXPECT_EQ(probe_host_topology(files_)->online_cpus, 0U);
  EXPECT_EQ(nodes(), 1U);
}

TEST_F(HostTopologyProbe, SeesOneNodeWithoutCacheInformation) {
  put("online", "0-1");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node1");
  EXPECT_EQ(nodes(), 1U);
}

TEST_F(HostTopologyProbe, CountsTheNodesOfDifferentCaches) {
  put("online", "0-1");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node1");
  put_cache("cpu0", "index3", "3", "0");
  put_cache("cpu1", "index3", "3", "1");
  EXPECT_EQ(nodes(), 2U);
}

TEST_F(HostTopologyProbe, CountsANodeOfSeveralCachesOnce) {
  put("online", "0-1");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node0");
  put_cache("cpu0", "index3", "3", "0");
  put_cache("cpu1", "index3", "3", "1");
  EXPECT_EQ(nodes(), 1U);
}

TEST_F(HostTopologyProbe, TakesACachesNodeFromItsFirstCpuInNumericOrder) {
  put("online", "10,2,5");
  put_cpu("cpu2", "node0");
  put_cpu("cpu10", "node1");
  put_cpu("cpu5", "node0");
  put_cache("cpu2", "index3", "3", "7");
  put_cache("cpu10", "index3", "3", "7");
  put_cache("cpu5", "index3", "3", "8");
  EXPECT_EQ(nodes(), 1U);  // two if cpu10 spoke for cache 7
}

TEST_F(HostTopologyProbe, AsksTheCacheOfTheHighestLevelWhateverItsIndex) {
  put("online", "0-1");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node1");
  for (const char* const cpu : {"cpu0", "cpu1"}) {
    put_cache(cpu, "index0", "3", "0");
    put_cache(cpu, "index9", "1", cpu + 3);
    put_cache(cpu, "other7", "9", cpu + 3);
    put(std::string(cpu) + "/cache/index10/level", "unreadable number");
  }
  EXPECT_EQ(nodes(), 1U);
  put_cache("cpu0", "index10", "4", "0");
  put_cache("cpu1", "index10", "4", "1");
  EXPECT_EQ(nodes(), 2U);
}

TEST_F(HostTopologyProbe, AsksTheFirstByNameOfCachesOfOneLevel) {
  put("online", "0-1");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node1");
  for (const char* const cpu : {"cpu0", "cpu1"}) {
    put_cache(cpu, "index0", "1", "0");
    put_cache(cpu, "index1", "1", cpu + 3);
  }
  EXPECT_EQ(nodes(), 1U);
}

TEST_F(HostTopologyProbe, FallsBackToTheLowestCpuThatSharesTheCache) {
  put("online", "0-3");
  for (const char* const cpu : {"cpu0", "cpu1", "cpu2", "cpu3"}) {
    put(std::string(cpu) + "/cache/index2/level", "2\n");
  }
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node1");
  put_cpu("cpu2", "node2");
  put_cpu("cpu3", "node3");
  put("cpu0/cache/index2/shared_cpu_list", "1,0\n");
  put("cpu1/cache/index2/shared_cpu_list", "0-1\n");
  put("cpu2/cache/index2/shared_cpu_list", "2-3\n");
  put("cpu3/cache/index2/shared_cpu_list", "2-3\n");
  put("cpu3/cache/index2/id", "not a number\n");
  EXPECT_EQ(nodes(), 2U);
}

TEST_F(HostTopologyProbe, TakesACacheThatNamesNeitherIdNorCpusAsCacheZero) {
  put("online", "0-2");
  put_cpu("cpu0", "node0");
  put_cache("cpu0", "index3", "3", "0");
  put_cpu("cpu1", "node1");
  put("cpu1/cache/index3/level", "3\n");
  put_cpu("cpu2", "node2");
  put("cpu2/cache/index3/level", "3\n");
  put("cpu2/cache/index3/shared_cpu_list", "x\n");
  EXPECT_EQ(nodes(), 1U);
}

TEST_F(HostTopologyProbe, TakesACpuWithoutANodeEntryAsOnNodeZero) {
  put("online", "0-2");
  put_cache("cpu0", "index3", "3", "0");
  put_cache("cpu1", "index3", "3", "1");
  put_cache("cpu2", "index3", "3", "2");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "nodes1");
  put_cpu("cpu2", "node");
  EXPECT_EQ(nodes(), 1U);
  file_system_.make_directory("/sys/devices/system/cpu/cpu2/node5");
  EXPECT_EQ(nodes(), 2U);
}

TEST_F(HostTopologyProbe, DoesNotCountNodesThatOnlyHaveMemory) {
  put("online", "0");
  put_cpu("cpu0", "node0");
  put_cache("cpu0", "index3", "3", "0");
  file_system_.make_directory("/sys/devices/system/node/node1");
  EXPECT_EQ(nodes(), 1U);
}

TEST_F(HostTopologyProbe, TakesUnreadableDirectoriesAsEmpty) {
  put("online", "0-1");
  put_cpu("cpu0", "node0");
  put_cpu("cpu1", "node1");
  put_cache("cpu0", "index3", "3", "0");
  put_cache("cpu1", "index3", "3", "1");
  file_system_.fail_list("/sys/devices/system/cpu/cpu1", EACCES);
  EXPECT_EQ(nodes(), 1U);
  file_system_.fail_list("/sys/devices/system/cpu/cpu1", 0);
  file_system_.fail_list("/sys/devices/system/cpu/cpu1/cache", EACCES);
  EXPECT_EQ(nodes(), 1U);
}

}  // namespace
}  // namespace ktstr
