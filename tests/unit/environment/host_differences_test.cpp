// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "environment/host_text.hpp"
#include "ktstr/host.hpp"

namespace ktstr::test {
namespace {

HostContext some_host() {
  HostContext host;
  host.arch = "x86_64";
  host.total_memory_kib = 64;
  host.cpufreq_governor = {{2, "performance"}, {10, "performance"}};
  host.sched_tunables = {{"sched_a", "1"}, {"sched_b", "2"}};
  return host;
}

HostContext other_host() {
  HostContext host;
  host.arch = "aarch64";
  host.kernel_cmdline = "quiet \u2192 a: b\n";
  host.cpufreq_governor = {{2, "powersave"}};
  host.sched_tunables = {{"sched_b", "2"}, {"sched_c\x1b", "3"}};
  return host;
}

void expect_the_public_form(const HostContext& before, const HostContext& after) {
  EXPECT_EQ(host_differences_text(host_differences(before, after)), host_diff(before, after));
}

TEST(HostDifferences, ReadAsTheLinesOfThePublicForm) {
  HostContext no_tunables = some_host();
  no_tunables.sched_tunables.reset();
  HostContext empty_tunables = some_host();
  empty_tunables.sched_tunables.emplace();
  const HostContext hosts[] = {some_host(), other_host(), no_tunables, empty_tunables, {}};
  for (const HostContext& before : hosts) {
    for (const HostContext& after : hosts) expect_the_public_form(before, after);
  }
  EXPECT_NE(host_differences_text(host_differences(some_host(), other_host())), "");
}

TEST(HostDifferences, KeepTheirValuesAsTheyAre) {
  const auto differences = host_differences({}, other_host());
  ASSERT_GE(differences.size(), 2U);
  EXPECT_EQ(differences[1].name, "kernel_cmdline");
  EXPECT_EQ(differences[1].before, "(unknown)");
  EXPECT_EQ(differences[1].after, "quiet \u2192 a: b\n");
}

TEST(HostDifferences, DoNotCountTheHeapOfAProcess) {
  HostContext host;
  host.heap_state.emplace().narenas = 4;
  EXPECT_TRUE(host_differences(host, {}).empty());
}

TEST(HostDifferences, CountTheAccountingThatTheHarnessesFormsLeaveOut) {
  HostContext host;
  host.task_delayacct = DelayacctState::runtime_off;
  EXPECT_EQ(host_differences_text(host_differences(host, {})),
            "  task_delayacct: runtime_off \u2192 (unknown)\n");
}

TEST(HostFacts, NameEachEntryOfAMap) {
  HostContext host = some_host();
  host.heap_state.emplace().narenas = 4;
  std::string names;
  for (const HostFact& fact : host_facts(host)) {
    if (fact.value) names += fact.name + "=" + *fact.value + " ";
  }
  EXPECT_EQ(names,
            "arch=x86_64 total_memory_kib=64 cpufreq_governor.cpu2=performance "
            "cpufreq_governor.cpu10=performance sched_tunables.sched_a=1 sched_tunables.sched_b=2 "
            "heap_state.narenas=4 ");
}

TEST(HostDifferences, CondenseToOneForAllCpusThatChangedAlike) {
  const auto lines = condensed({{"arch", "a", "b"},
                                {"cpufreq_governor.cpu0", "performance", "(absent)"},
                                {"cpufreq_governor.cpu1", "powersave", "(absent)"},
                                {"cpufreq_governor.cpu2", "performance", "(absent)"},
                                {"sched_tunables.x", "performance", "(absent)"}});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1].name, "cpufreq_governor (2 CPUs)");
  EXPECT_EQ(lines[1].before, "performance");
  EXPECT_EQ(lines[2].name, "cpufreq_governor.cpu1");
  EXPECT_EQ(lines[3].name, "sched_tunables.x");
}

}  // namespace
}  // namespace ktstr::test
