// SPDX-License-Identifier: MIT
#include "query/pool_values.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file_system.hpp"
#include "sample_catalog.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

class PoolValuesOf : public ::testing::Test {
 protected:
  /// "value:results" for each value of one dimension.
  Rows listed(const std::string& name, bool is_archive = false) {
    const auto values = pool_values(catalog_.database(), is_archive);
    EXPECT_TRUE(values);
    Rows out;
    for (const PoolDimension& dimension : values->dimensions) {
      if (dimension.name != name) continue;
      for (const PoolValue& value : dimension.values) {
        out.push_back(shown(value.value) + ":" + std::to_string(value.results));
      }
    }
    return out;
  }

  SampleCatalog catalog_;
};

TEST_F(PoolValuesOf, ADimensionAreDistinctWithNullFirstAndTheRestByBytes) {
  for (const char* version : {"6.9", "6.14", "6.14", "Zed", "\xC3\xA9"}) {
    catalog_.add_with("kernel_version", text(version));
  }
  catalog_.add_with("kernel_version", {});
  EXPECT_EQ(listed("kernel"), (Rows{"NULL:1", "6.14:2", "6.9:1", "Zed:1", "\xC3\xA9:1"}));
}

TEST_F(PoolValuesOf, BudgetsAreNumbersInNumericOrderWithoutTheUnknown) {
  for (const std::int64_t budget : {16, 8, 16}) catalog_.add_with("cpu_budget", number(budget));
  catalog_.add_with("cpu_budget", {});
  EXPECT_EQ(listed("cpu_budget"), (Rows{"8:1", "16:2"}));
}

TEST_F(PoolValuesOf, EachDimensionComeFromItsColumn) {
  catalog_.add_result(catalog_.directory(), {{"kernel_version", text("a")},
                                             {"project_commit", text("b")},
                                             {"kernel_commit", text("c")},
                                             {"run_source", text("d")},
                                             {"resolve_source", text("e")},
                                             {"cpu_budget", number(6)},
                                             {"scheduler", text("g")},
                                             {"topology", text("h")},
                                             {"work_type", text("i")}});
  std::string all;
  const auto values = pool_values(catalog_.database(), false);
  for (const PoolDimension& dimension : values->dimensions) {
    all += dimension.name + "=" + shown(dimension.values.at(0).value) + " ";
  }
  EXPECT_EQ(all,
            "kernel=a commit=b kernel_commit=c source=d resolve_source=e cpu_budget=6 "
            "scheduler=g topology=h work_type=i ");
}

TEST_F(PoolValuesOf, AnArchiveHaveOneSourceForAllResults) {
  catalog_.add_with("run_source", text("ci"));
  catalog_.add_with("run_source", {});
  EXPECT_EQ(listed("source", true), (Rows{"archive:2"}));
}

TEST_F(PoolValuesOf, AnEmptyArchiveHaveNoSource) { EXPECT_EQ(listed("source", true), Rows{}); }

TEST_F(PoolValuesOf, ThePoolLeaveOutRecordsOfAnotherSchema) {
  catalog_.add_result(catalog_.directory(), {{"status", text("drift")}});
  EXPECT_EQ(pool_values(catalog_.database(), false)->results, 0);
  EXPECT_EQ(listed("scheduler"), Rows{});
}

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

class RunNames : public ::testing::Test {
 protected:
  RunNames() {
    catalog_.add_directory("6.14.2-abc1234");
    catalog_.add_directory("6.14.2-abc1234", "job-1");
    catalog_.add_directory(".archive");
  }
  Result<NamedRun> find(std::string_view name) { return find_run(catalog_.database(), name); }
  std::string hint(std::string_view name) {
    const auto found = find(name);
    return found ? "found" : found.error().hint;
  }

  SampleCatalog catalog_;
};

TEST_F(RunNames, NameARunDirectoryOrOneJobOfIt) {
  const auto run = find("6.14.2-abc1234/");
  ASSERT_TRUE(run) << run.error().text();
  EXPECT_EQ(run->run_dir, "6.14.2-abc1234");
  EXPECT_FALSE(run->job);
  const auto job = find("6.14.2-abc1234/job-1");
  ASSERT_TRUE(job) << job.error().text();
  EXPECT_EQ(job->job, "job-1");
}

TEST_F(RunNames, SuggestTheNearestWhenAKeyIsMistyped) {
  EXPECT_NE(hint("6.14.2-abc123").find("did you mean 6.14.2-abc1234?"), std::string::npos);
  EXPECT_EQ(hint("nothing-like-any-of-the-runs").find("did you mean"), std::string::npos);
}

TEST_F(RunNames, NeverSuggestADotDirectoryButFindIt) {
  EXPECT_EQ(hint(".archiv").find("did you mean"), std::string::npos);
  EXPECT_TRUE(find(".archive"));
}

TEST_F(RunNames, AreRefusedWhereTheyCouldLeaveTheRoot) {
  for (const char* name : {"", "/", ".", "..", "../x", "/tmp/x", "6.14.2-abc1234/..", "a/b/c"}) {
    const auto found = find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, ErrorCode::usage);
    EXPECT_NE(found.error().message.find("can't be the name of a run"), std::string::npos) << name;
  }
}

TEST_F(RunNames, SayThatAJobIsMissingWithoutSuggestingItsOwnRun) {
  EXPECT_EQ(hint("6.14.2-abc1234/job-2").find("did you mean"), std::string::npos);
}

/// Without a catalog.
class RunDirectories : public ::testing::Test {
 protected:
  RunDirectories() {
    std::filesystem::create_directories(root_.path("6.14.2-abc1234/job-1"));
    std::filesystem::create_directories(root_.path(".archive"));
    root_.write("6.14.2-abc12345", "a file");
  }
  Result<std::string> find(std::string_view name) {
    return find_run_directory(system_file_system(), root_.path(), name);
  }

  TemporaryDirectory root_;
};

TEST_F(RunDirectories, AreFoundByTheSameNamesWithoutACatalog) {
  EXPECT_EQ(find("6.14.2-abc1234/").value(), root_.path("6.14.2-abc1234"));
  EXPECT_EQ(find("6.14.2-abc1234/job-1").value(), root_.path("6.14.2-abc1234/job-1"));
  EXPECT_EQ(find(".archive").value(), root_.path(".archive"));
  for (const char* name : {"", "/", ".", "..", "../x", "/tmp/x", "6.14.2-abc1234/..", "a/b/c"}) {
    ASSERT_FALSE(find(name)) << name;
    EXPECT_NE(find(name).error().message.find("can't be the name of a run"), std::string::npos);
  }
}

TEST_F(RunDirectories, ThatAreMistypedGetTheNearestDirectoryAndNoFile) {
  const auto found = find("6.14.2-abc12345");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::usage);
  EXPECT_NE(found.error().hint.find("did you mean 6.14.2-abc1234?"), std::string::npos);
  EXPECT_EQ(find(".archiv").error().hint.find("did you mean"), std::string::npos);
}

TEST_F(RunDirectories, OfARootThatIsNotThereAreNoUsageError) {
  const auto found = find_run_directory(system_file_system(), root_.path("none"), "run");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_EQ(found.error().message, "no such runs root");
  EXPECT_EQ(found.error().hint, "run the tests first, or name another with --root");
}

TEST(NoRunsRoot, IsOtherwiseAnErrorOfItsOwn) {
  const Error error = no_runs_root({ErrorCode::permission, "permission denied"}, "/r", "--root");
  EXPECT_EQ(error.text(), "/r: permission denied");
  EXPECT_EQ(error.hint, "");
}

}  // namespace
}  // namespace ktstr::test
