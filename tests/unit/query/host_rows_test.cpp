// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "query/pool_values.hpp"
#include "sample_catalog.hpp"

namespace ktstr::test {
namespace {

class HostRows : public ::testing::Test {
 protected:
  std::int64_t add_host(const char* key, Columns changes = {}) {
    Columns row = {{"digest", std::to_string(++hosts_)}, {"host_key", text(key)}};
    for (auto& change : changes) row.push_back(std::move(change));
    return catalog_.insert("host", row);
  }
  void add_result(std::int64_t directory, const char* file_name, Value host,
                  const char* status = "ok") {
    catalog_.add_result(directory, {{"file_name", text(file_name)},
                                    {"test_name", text(file_name)},
                                    {"status", text(status)},
                                    {"host_id", std::move(host)}});
  }
  FoundHost found(const std::optional<NamedRun>& run) {
    auto host = first_host(catalog_.database(), run);
    EXPECT_TRUE(host) << host.error().text();
    EXPECT_TRUE(*host);
    return host && *host ? std::move(**host) : FoundHost{};
  }
  bool finds_none(const std::optional<NamedRun>& run) {
    const auto host = first_host(catalog_.database(), run);
    return host && !*host;
  }

  SampleCatalog catalog_;
  std::int64_t hosts_ = 0;
};

TEST_F(HostRows, GiveEveryFieldBackAsTheRecordHadIt) {
  const std::int64_t host =
      add_host("k", {{"cpu_model", text("A \"quoted\" CPU\n")},
                     {"cpu_vendor", text("AuthenticAMD")},
                     {"total_memory_kib", number(64)},
                     {"hugepages_total", number(0)},
                     {"thp_enabled", text("always [madvise] never")},
                     {"sched_tunables", text(R"({"sched_rt_runtime_us":"950000"})")},
                     {"online_cpus", number(16)},
                     {"cpufreq_governor", text(R"({"2":"performance","10":"powersave"})")},
                     {"kernel_release", text("6.14.2")},
                     {"arch", text("x86_64")},
                     {"task_delayacct", text("runtime_off")},
                     {"config_task_xacct", text("unknown")}});
  catalog_.add_result(catalog_.directory(),
                      {{"host_id", number(host)}, {"heap_state", text(R"({"narenas":4})")}});
  const HostContext read = found({}).host;
  EXPECT_EQ(read.cpu_model, "A \"quoted\" CPU\n");
  EXPECT_EQ(read.cpu_vendor, "AuthenticAMD");
  EXPECT_EQ(read.total_memory_kib, 64U);
  EXPECT_EQ(read.hugepages_total, 0U);
  EXPECT_FALSE(read.hugepages_free);
  EXPECT_EQ(read.thp_enabled, "always [madvise] never");
  EXPECT_EQ(read.sched_tunables->at("sched_rt_runtime_us"), "950000");
  EXPECT_EQ(read.online_cpus, 16U);
  EXPECT_EQ(read.cpufreq_governor.at(10), "powersave");
  EXPECT_EQ(read.kernel_release, "6.14.2");
  EXPECT_EQ(read.arch, "x86_64");
  EXPECT_EQ(read.task_delayacct, DelayacctState::runtime_off);
  EXPECT_EQ(read.config_task_xacct, XacctState::unknown);
  EXPECT_EQ(read.heap_state->narenas, 4U);
}

TEST_F(HostRows, ComeFromTheFirstResultThatHasOneInByteOrder) {
  const std::int64_t late = catalog_.add_directory("b");
  const std::int64_t job = catalog_.add_directory("a", "job");
  const std::int64_t early = catalog_.add_directory("a");
  const std::int64_t host = add_host("k");
  add_result(late, "1", number(host));
  add_result(job, "0", number(host));
  add_result(early, "2", {});
  add_result(early, "4", number(host));
  add_result(early, "3", number(host));
  EXPECT_EQ(found({}).test_name, "3");
  EXPECT_EQ(found(NamedRun{"b"}).test_name, "1");
  EXPECT_EQ(found(NamedRun{"a", "job"}).test_name, "0");
}

TEST_F(HostRows, ArePassedOverInRecordsOfAnotherSchema) {
  add_result(catalog_.directory(), "1", number(add_host("k")), "drift");
  EXPECT_TRUE(finds_none({}));
}

TEST_F(HostRows, OfAResultWithAnEmptyHostAreAHostThatSaysNothing) {
  add_result(catalog_.directory(), "1", number(catalog_.insert("host", {{"digest", text("d")}})));
  EXPECT_FALSE(found({}).host.arch);
}

TEST_F(HostRows, AreCountedByMachineAndNotByReboot) {
  const NamedRun run{"6.14.2-abc1234"};
  add_result(catalog_.directory(), "1", number(add_host("k")));
  add_result(catalog_.directory(), "2", number(add_host("k")));
  add_result(catalog_.directory(), "3", {});
  EXPECT_EQ(count_hosts(catalog_.database(), run)->hosts, 1);
  EXPECT_EQ(count_hosts(catalog_.database(), run)->results, 3);
  add_result(catalog_.directory(), "4", number(add_host("other")));
  EXPECT_EQ(count_hosts(catalog_.database(), run)->hosts, 2);
}

}  // namespace
}  // namespace ktstr::test
