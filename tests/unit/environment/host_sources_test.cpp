// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "environment/host.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"

namespace ktstr {
namespace {

using Tunables = std::map<std::string, std::string>;
using Governors = std::map<std::uint64_t, std::string>;

class HostSources : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& bytes) {
    file_system_.put_file("/host" + path, bytes);
  }
  void put_governor(const std::string& cpu, const std::string& bytes) {
    put("/sys/devices/system/cpu/" + cpu + "/cpufreq/scaling_governor", bytes);
  }

  test::FakeClock clock_;
  test::FakeFileSystem file_system_{clock_};
  HostFiles files_{file_system_, "/host"};
};

using HostLine = HostSources;
using HostMemory = HostSources;
using HostCpu = HostSources;
using HostTunables = HostSources;
using HostGovernors = HostSources;
using HostAccounting = HostSources;

TEST_F(HostLine, IsTheWholeFileTrimmedAtBothEnds) {
  put("/a", "\n\t always [madvise]  never\nsecond \n\xC2\xA0");
  EXPECT_EQ(read_host_line(files_, "/a"), "always [madvise]  never\nsecond");
}

TEST_F(HostLine, IsAbsentWhenUnreadable) {
  EXPECT_EQ(read_host_line(files_, "/missing"), std::nullopt);
  put("/closed", "x");
  file_system_.fail_open("/host/closed", EACCES);
  EXPECT_EQ(read_host_line(files_, "/closed"), std::nullopt);
  put("/broken", "x");
  file_system_.fail_read("/host/broken", EIO);
  EXPECT_EQ(read_host_line(files_, "/broken"), std::nullopt);
}

TEST_F(HostLine, IsAbsentWhenNotUtf8) {
  put("/a", "performance\xFF");
  EXPECT_EQ(read_host_line(files_, "/a"), std::nullopt);
}

TEST_F(HostLine, IsAbsentWhenNothingButWhiteSpace) {
  put("/a", "");
  put("/b", " \n\xE3\x80\x80\n");
  EXPECT_EQ(read_host_line(files_, "/a"), std::nullopt);
  EXPECT_EQ(read_host_line(files_, "/b"), std::nullopt);
}

TEST_F(HostMemory, TakesTheFirstWordBehindTheColonWhateverTheUnit) {
  put("/proc/meminfo",
      "MemTotal:       16384 kB\n  HugePages_Total :8\nHugePages_Free:\t3 pages left\n"
      "Hugepagesize: 2048 MB\n");
  const MemoryInfo info = read_memory_info(files_);
  EXPECT_EQ(info.total_kib, 16384U);
  EXPECT_EQ(info.hugepages_total, 8U);
  EXPECT_EQ(info.hugepages_free, 3U);
  EXPECT_EQ(info.hugepages_size_kib, 2048U);
}

TEST_F(HostMemory, IgnoresLinesWithoutColonOrNumber) {
  put("/proc/meminfo", "MemTotal 1\nHugePages_Total: many\nHugePages_Free:\nHugepagesize: -1 kB\n");
  const MemoryInfo info = read_memory_info(files_);
  EXPECT_EQ(info.total_kib, std::nullopt);
  EXPECT_EQ(info.hugepages_total, std::nullopt);
  EXPECT_EQ(info.hugepages_free, std::nullopt);
  EXPECT_EQ(info.hugepages_size_kib, std::nullopt);
}

TEST_F(HostMemory, TakesTheLastNumberOfAKeyThatRepeats) {
  put("/proc/meminfo", "MemTotal: 1 kB\nMemTotal: 2 kB\nMemTotal: none\n");
  EXPECT_EQ(read_memory_info(files_).total_kib, 2U);
}

TEST_F(HostMemory, KnowsKeysByTheirExactName) {
  put("/proc/meminfo", "memtotal: 1\nMemTotalX: 2\nXMemTotal: 3\n");
  EXPECT_EQ(read_memory_info(files_).total_kib, std::nullopt);
}

TEST_F(HostMemory, IsAbsentWhenUnreadable) {
  put("/proc/meminfo", "MemTotal: 1 kB\n");
  file_system_.fail_read("/host/proc/meminfo", EIO);
  EXPECT_EQ(read_memory_info(files_).total_kib, std::nullopt);
}

TEST_F(HostCpu, SplitsAtTheFirstColonAndTrimsBothSides) {
  put("/proc/cpuinfo", "vendor_id\t: AuthenticAMD \nmodel name\t: EPYC: 9B14  96-Core\n");
  const CpuIdentity identity = read_cpu_identity(files_);
  EXPECT_EQ(identity.vendor, "AuthenticAMD");
  EXPECT_EQ(identity.model, "EPYC: 9B14  96-Core");
}

TEST_F(HostCpu, TakesTheFirstValueThatIsNotEmpty) {
  put("/proc/cpuinfo", "model name:\nmodel name: one\nmodel name: two\n");
  EXPECT_EQ(read_cpu_identity(files_).model, "one");
}

TEST_F(HostCpu, EndsAtTheFirstEmptyLine) {
  put("/proc/cpuinfo", "model name: one\n\nvendor_id: later\n");
  EXPECT_EQ(read_cpu_identity(files_).model, "one");
  EXPECT_EQ(read_cpu_identity(files_).vendor, std::nullopt);
}

TEST_F(HostCpu, IsAbsentWhenALineStandsEmptyAtTheStart) {
  put("/proc/cpuinfo", "\nmodel name: one\nvendor_id: x\n");
  EXPECT_EQ(read_cpu_identity(files_).model, std::nullopt);
  EXPECT_EQ(read_cpu_identity(files_).vendor, std::nullopt);
}

TEST_F(HostCpu, HasNoVendorOnArm) {
  put("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Neoverse\nCPU implementer\t: 0x41\n");
  EXPECT_EQ(read_cpu_identity(files_).model, "Neoverse");
  EXPECT_EQ(read_cpu_identity(files_).vendor, std::nullopt);
}

TEST_F(HostCpu, IsAbsentWithoutTheFile) {
  EXPECT_EQ(read_cpu_identity(files_).model, std::nullopt);
}

TEST_F(HostTunables, AreTheRegularFilesWhoseNameStartsRight) {
  put("/proc/sys/kernel/sched_rt_runtime_us", "950000\n");
  put("/proc/sys/kernel/sched_autogroup_enabled", "1\n");
  put("/proc/sys/kernel/numa_balancing", "0\n");
  put("/proc/sys/kernel/xsched_y", "0\n");
  put("/proc/sys/kernel/sched_domain/cpu0", "0\n");
  file_system_.make_symlink("/host/proc/sys/kernel/sched_link", "sched_rt_runtime_us");
  put("/proc/sys/kernel/sched_\xFF", "0\n");
  EXPECT_EQ(read_sched_tunables(files_),
            (Tunables{{"sched_autogroup_enabled", "1"}, {"sched_rt_runtime_us", "950000"}}));
}

TEST_F(HostTunables, KeepInnerLinesAndLeaveOutWhatHasNoValue) {
  put("/proc/sys/kernel/sched_a", " 1\t2\n3\n");
  put("/proc/sys/kernel/sched_empty", "\n");
  put("/proc/sys/kernel/sched_secret", "1");
  file_system_.fail_open("/host/proc/sys/kernel/sched_secret", EACCES);
  EXPECT_EQ(read_sched_tunables(files_), (Tunables{{"sched_a", "1\t2\n3"}}));
}

TEST_F(HostTunables, AreSortedByTheirBytes) {
  for (const char* const name : {"sched_b", "sched_B", "sched__", "sched_a"}) {
    put(std::string("/proc/sys/kernel/") + name, "1");
  }
  const auto tunables = read_sched_tunables(files_);
  ASSERT_TRUE(tunables);
  std::string order;
  for (const auto& entry : *tunables) order += entry.first.back();
  EXPECT_EQ(order, "B_ab");
}

TEST_F(HostTunables, AreAbsentWithoutTheDirectoryAndEmptyWithoutEntries) {
  EXPECT_EQ(read_sched_tunables(files_), std::nullopt);
  put("/proc/sys/kernel/ostype", "Linux\n");
  EXPECT_EQ(read_sched_tunables(files_), Tunables{});
  file_system_.fail_list("/host/proc/sys/kernel", EACCES);
  EXPECT_EQ(read_sched_tunables(files_), std::nullopt);
}

TEST_F(HostGovernors, AreThoseOfTheCpusOnlineInNumericOrder) {
  put("/sys/devices/system/cpu/online", "2,10-11\n");
  put_governor("cpu2", "performance\n");
  put_governor("cpu10", "powersave\n");
  put_governor("cpu3", "offline\n");
  const Governors governors = read_governors(files_);
  EXPECT_EQ(governors, (Governors{{2, "performance"}, {10, "powersave"}}));
  EXPECT_EQ(governors.begin()->first, 2U);
}

TEST_F(HostGovernors, AreEmptyWithoutAReadableList) {
  put_governor("cpu0", "performance\n");
  EXPECT_EQ(read_governors(files_), Governors{});
  put("/sys/devices/system/cpu/online", "0,what\n");
  EXPECT_EQ(read_governors(files_), Governors{});
  put("/sys/devices/system/cpu/online", "0\n");
  EXPECT_EQ(read_governors(files_), (Governors{{0, "performance"}}));
}

TEST_F(HostAccounting, OfDelaysFollowsTheSwitch) {
  put("/proc/sys/kernel/task_delayacct", "0\n");
  EXPECT_EQ(read_task_delayacct(files_), DelayacctState::runtime_off);
  put("/proc/sys/kernel/task_delayacct", "1\n");
  EXPECT_EQ(read_task_delayacct(files_), DelayacctState::on);
}

TEST_F(HostAccounting, OfDelaysIsConfiguredOffWhereOnlyTheSwitchIsMissing) {
  EXPECT_EQ(read_task_delayacct(files_), std::nullopt);
  put("/proc/sys/kernel/ostype", "Linux\n");
  EXPECT_EQ(read_task_delayacct(files_), DelayacctState::config_off);
}

TEST_F(HostAccounting, OfDelaysIsAbsentWhenTheSwitchSaysNothing) {
  put("/proc/sys/kernel/task_delayacct", "maybe\n");
  EXPECT_EQ(read_task_delayacct(files_), std::nullopt);
  put("/proc/sys/kernel/task_delayacct", "1\n");
  file_system_.fail_open("/host/proc/sys/kernel/task_delayacct", EACCES);
  EXPECT_EQ(read_task_delayacct(files_), std::nullopt);
  file_system_.fail_status("/host/proc/sys/kernel/task_delayacct", EACCES);
  EXPECT_EQ(read_task_delayacct(files_), std::nullopt);
}

TEST_F(HostAccounting, OfTasksIsWhatTheKernelsConfigurationSays) {
  put("/boot/config-6.12.1", "CONFIG_TASKSTATS=y\nCONFIG_TASK_XACCT=y\n");
  EXPECT_EQ(read_task_xacct(files_, "6.12.1"), XacctState::on);
  put("/boot/config-6.12.2", "# CONFIG_TASK_XACCT is not set\n");
  EXPECT_EQ(read_task_xacct(files_, "6.12.2"), XacctState::off);
  put("/boot/config-6.12.3", "CONFIG_TASK_XACCT_NOT=y\n# CONFIG_TASK_XACCT=y\n");
  EXPECT_EQ(read_task_xacct(files_, "6.12.3"), XacctState::off);
}

TEST_F(HostAccounting, OfTasksIsUnknownWithoutTheConfigurationOrTheRelease) {
  put("/boot/config-6.12.1", "CONFIG_TASK_XACCT=y\n");
  put("/etc/passwd", "CONFIG_TASK_XACCT=y\n");
  file_system_.make_directory("/host/boot/config-x");
  EXPECT_EQ(read_task_xacct(files_, "6.12.9"), XacctState::unknown);
  EXPECT_EQ(read_task_xacct(files_, std::nullopt), XacctState::unknown);
  EXPECT_EQ(read_task_xacct(files_, ""), XacctState::unknown);
  EXPECT_EQ(read_task_xacct(files_, "x/../../etc/passwd"), XacctState::unknown);
}

using Cpus = std::vector<std::uint64_t>;

TEST(CpuList, HoldsNumbersAndRangesWithBothEnds) {
  EXPECT_EQ(parse_cpu_list("5"), (Cpus{5}));
  EXPECT_EQ(parse_cpu_list("0-3"), (Cpus{0, 1, 2, 3}));
  EXPECT_EQ(parse_cpu_list("0-1,8,10-11"), (Cpus{0, 1, 8, 10, 11}));
  EXPECT_EQ(parse_cpu_list("7-7"), (Cpus{7}));
}

TEST(CpuList, TrimsEachPartAndSkipsEmptyOnes) {
  EXPECT_EQ(parse_cpu_list(" 0 ,, 2-3 ,\n"), (Cpus{0, 2, 3}));
  EXPECT_EQ(parse_cpu_list(" \n"), Cpus{});
  EXPECT_EQ(parse_cpu_list(""), Cpus{});
}

TEST(CpuList, IsSortedAndKeepsRepeatedCpus) {
  EXPECT_EQ(parse_cpu_list("9,2-3,3"), (Cpus{2, 3, 3, 9}));
}

TEST(CpuList, TakesARangeThatRunsBackwardsAsNothing) {
  EXPECT_EQ(parse_cpu_list("5-2"), Cpus{});
  EXPECT_EQ(parse_cpu_list("1,5-2,7"), (Cpus{1, 7}));
}

TEST(CpuList, FailsAsAWholeAtAnythingButANumber) {
  for (const char* const text : {"x", "0-3,x", "0,-", "1-", "-1", "1-2-3", "0 - 3", "0x1", "1.5",
                                 "0-3:1/2", "99999999999999999999", "0;1"}) {
    EXPECT_EQ(parse_cpu_list(text), std::nullopt) << text;
  }
}

TEST(CpuList, IsRefusedWhenNoMachineCouldHaveAsManyCpus) {
  const std::string last = std::to_string(k_most_listed_cpus - 1);
  ASSERT_TRUE(parse_cpu_list("0-" + last));
  EXPECT_EQ(parse_cpu_list("0-" + last)->size(), k_most_listed_cpus);
  EXPECT_EQ(parse_cpu_list("0-" + last + ",0"), std::nullopt);
  EXPECT_EQ(parse_cpu_list("0-18446744073709551615"), std::nullopt);
}

TEST(CpuList, HoldsTheLargestNumberThereIs) {
  EXPECT_EQ(parse_cpu_list("18446744073709551614-18446744073709551615"),
            (Cpus{18446744073709551614U, 18446744073709551615U}));
}

TEST(ProcNumber, IsDigitsWithAtMostOnePlusInFront) {
  EXPECT_EQ(parse_u64("0042"), 42U);
  EXPECT_EQ(parse_u64("+7"), 7U);
  EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615U);
  for (const char* const text : {"", "+", "++7", "-0", "-1", "7 ", " 7", "7kB", "0x7", "1e3",
                                 "18446744073709551616", "\xEF\xBC\x97"}) {
    EXPECT_EQ(parse_u64(text), std::nullopt) << text;
  }
}

TEST(ProcWord, EndsAtUnicodeWhiteSpace) {
  EXPECT_EQ(first_word("  16384 kB"), "16384");
  EXPECT_EQ(first_word("\t12\xC2\xA0kB"), "12");
  EXPECT_EQ(first_word("caf\xC3\xA9 x"), "caf\xC3\xA9");
  EXPECT_EQ(first_word(" \t"), "");
}

TEST(ProcLines, EndAtALineFeedWithOrWithoutACarriageReturn) {
  using Lines = std::vector<std::string_view>;
  EXPECT_EQ(lines_of("a\r\nb\n\nc"), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(lines_of("a\n"), (Lines{"a"}));
  EXPECT_EQ(lines_of(""), Lines{});
}

}  // namespace
}  // namespace ktstr
