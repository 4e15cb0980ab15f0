// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>

#include "environment/host.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"

namespace ktstr {
namespace {

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
