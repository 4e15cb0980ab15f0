// SPDX-License-Identifier: MIT
#include "environment/host_text.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "ktstr/host.hpp"

namespace ktstr {
namespace {

using Tunables = std::map<std::string, std::string>;

HostContext full_host() {
  HostContext host;
  host.cpu_model = "EPYC 9B14";
  host.cpu_vendor = "AuthenticAMD";
  host.total_memory_kib = 16384;
  host.hugepages_total = 8;
  host.hugepages_free = 3;
  host.hugepages_size_kib = 2048;
  host.thp_enabled = "always [madvise] never";
  host.thp_defrag = "[always] defer never";
  host.sched_tunables = Tunables{{"sched_b", "2"}, {"sched_a", "1"}};
  host.online_cpus = 16;
  host.numa_nodes = 2;
  host.cpufreq_governor = {{10, "powersave"}, {2, "performance"}};
  host.kernel_name = "Linux";
  host.kernel_release = "6.12.1";
  host.arch = "x86_64";
  host.kernel_cmdline = "quiet nosmt";
  host.heap_state = HostHeapState{};
  host.heap_state->allocated_bytes = 1;
  host.heap_state->active_bytes = 2;
  host.heap_state->resident_bytes = 3;
  host.heap_state->narenas = 5;
  return host;
}

TEST(HostText, ShowsEveryFieldInTheHarnessesOrder) {
  EXPECT_EQ(host_text(full_host()),
            "kernel_name: Linux\n"
            "kernel_release: 6.12.1\n"
            "arch: x86_64\n"
            "cpu_model: EPYC 9B14\n"
            "cpu_vendor: AuthenticAMD\n"
            "total_memory_kib: 16384\n"
            "hugepages_total: 8\n"
            "hugepages_free: 3\n"
            "hugepages_size_kib: 2048\n"
            "online_cpus: 16\n"
            "numa_nodes: 2\n"
            "thp_enabled: always [madvise] never\n"
            "thp_defrag: [always] defer never\n"
            "kernel_cmdline: quiet nosmt\n"
            "cpufreq_governor:\n"
            "  cpu2 = performance\n"
            "  cpu10 = powersave\n"
            "sched_tunables:\n"
            "  sched_a = 1\n"
            "  sched_b = 2\n"
            "heap_state:\n"
            "  allocated_bytes: 1\n"
            "  active_bytes: 2\n"
            "  resident_bytes: 3\n"
            "  mapped_bytes: (unknown)\n"
            "  narenas: 5\n");
}

TEST(HostText, ShowsWhatIsAbsentAsUnknownAndNoGovernorsAsEmpty) {
  EXPECT_EQ(host_text(HostContext{}),
            "kernel_name: (unknown)\n"
            "kernel_release: (unknown)\n"
            "arch: (unknown)\n"
            "cpu_model: (unknown)\n"
            "cpu_vendor: (unknown)\n"
            "total_memory_kib: (unknown)\n"
            "hugepages_total: (unknown)\n"
            "hugepages_free: (unknown)\n"
            "hugepages_size_kib: (unknown)\n"
            "online_cpus: (unknown)\n"
            "numa_nodes: (unknown)\n"
            "thp_enabled: (unknown)\n"
            "thp_defrag: (unknown)\n"
            "kernel_cmdline: (unknown)\n"
            "cpufreq_governor: (empty)\n"
            "sched_tunables: (unknown)\n"
            "heap_state: (unknown)\n");
}

TEST(HostText, TellsNoTunablesFromUnknownOnes) {
  HostContext host;
  host.sched_tunables.emplace();
  EXPECT_NE(host_text(host).find("\nsched_tunables: (empty)\n"), std::string::npos);
}

TEST(HostText, LeavesOutTheTwoFieldsThatTheHarnessesFormsDoNotKnow) {
  HostContext before = full_host();
  HostContext after = full_host();
  before.task_delayacct = DelayacctState::on;
  after.task_delayacct = DelayacctState::config_off;
  after.config_task_xacct = XacctState::unknown;
  EXPECT_EQ(host_text(after), host_text(full_host()));
  EXPECT_EQ(host_diff(before, after), "");
  EXPECT_FALSE(host_equal(before, after));
}

TEST(HostText, KeepsForeignControlCharactersFromMakingLines) {
  HostContext host;
  host.kernel_cmdline = "a\narch: forged\x1b[31m";
  host.sched_tunables = Tunables{{"k\n", "1\n2"}};
  const std::string text = host_text(host);
  EXPECT_NE(text.find("kernel_cmdline: a\\narch: forged\\x1b[31m\n"), std::string::npos);
  EXPECT_NE(text.find("  k\\n = 1\\n2\n"), std::string::npos);
  EXPECT_EQ(host_diff(HostContext{}, host),
            "  kernel_cmdline: (unknown) → a\\narch: forged\\x1b[31m\n"
            "  sched_tunables: (unknown) → (1 entry)\n");
}

TEST(HostDiff, IsEmptyForEqualHosts) {
  EXPECT_EQ(host_diff(HostContext{}, HostContext{}), "");
  EXPECT_EQ(host_diff(full_host(), full_host()), "");
}

TEST(HostDiff, ShowsEveryFieldInTheHarnessesOrder) {
  EXPECT_EQ(host_diff(HostContext{}, full_host()),
            "  kernel_name: (unknown) → Linux\n"
            "  kernel_release: (unknown) → 6.12.1\n"
            "  arch: (unknown) → x86_64\n"
            "  cpu_model: (unknown) → EPYC 9B14\n"
            "  cpu_vendor: (unknown) → AuthenticAMD\n"
            "  total_memory_kib: (unknown) → 16384\n"
            "  hugepages_total: (unknown) → 8\n"
            "  hugepages_free: (unknown) → 3\n"
            "  hugepages_size_kib: (unknown) → 2048\n"
            "  online_cpus: (unknown) → 16\n"
            "  numa_nodes: (unknown) → 2\n"
            "  thp_enabled: (unknown) → always [madvise] never\n"
            "  thp_defrag: (unknown) → [always] defer never\n"
            "  kernel_cmdline: (unknown) → quiet nosmt\n"
            "  cpufreq_governor.cpu2: (absent) → performance\n"
            "  cpufreq_governor.cpu10: (absent) → powersave\n"
            "  sched_tunables: (unknown) → (2 entries)\n"
            "  heap_state: (unknown) → (present)\n");
}

TEST(HostDiff, ShowsOnlyTheFieldsThatDiffer) {
  HostContext after = full_host();
  after.hugepages_free = 4;
  after.cpu_vendor.reset();
  EXPECT_EQ(host_diff(full_host(), after),
            "  cpu_vendor: AuthenticAMD → (unknown)\n"
            "  hugepages_free: 3 → 4\n");
}

TEST(HostDiff, TellsAnAbsentValueFromAnEmptyOne) {
  HostContext after;
  after.arch = "";
  EXPECT_EQ(host_diff(HostContext{}, after), "  arch: (unknown) → \n");
}

TEST(HostDiff, ShowsGovernorsCpuByCpuInNumericOrder) {
  HostContext after = full_host();
  after.cpufreq_governor = {{1, "new"}, {2, "performance"}, {10, "other"}};
  EXPECT_EQ(host_diff(full_host(), after),
            "  cpufreq_governor.cpu1: (absent) → new\n"
            "  cpufreq_governor.cpu10: powersave → other\n");
  after.cpufreq_governor.clear();
  EXPECT_EQ(host_diff(full_host(), after),
            "  cpufreq_governor.cpu2: performance → (absent)\n"
            "  cpufreq_governor.cpu10: powersave → (absent)\n");
}

TEST(HostDiff, ShowsTunablesKeyByKeyWhenBothSidesHaveThem) {
  HostContext after = full_host();
  after.sched_tunables = Tunables{{"sched_b", "3"}, {"sched_c", "4"}};
  EXPECT_EQ(host_diff(full_host(), after),
            "  sched_tunables.sched_a: 1 → (absent)\n"
            "  sched_tunables.sched_b: 2 → 3\n"
            "  sched_tunables.sched_c: (absent) → 4\n");
  after.sched_tunables->clear();
  EXPECT_EQ(host_diff(full_host(), after),
            "  sched_tunables.sched_a: 1 → (absent)\n"
            "  sched_tunables.sched_b: 2 → (absent)\n");
}

TEST(HostDiff, CountsTunablesWhenOnlyOneSideHasThem) {
  HostContext some;
  some.sched_tunables.emplace();
  EXPECT_EQ(host_diff(HostContext{}, some), "  sched_tunables: (unknown) → (empty)\n");
  some.sched_tunables->emplace("a", "1");
  EXPECT_EQ(host_diff(some, HostContext{}), "  sched_tunables: (1 entry) → (unknown)\n");
  some.sched_tunables->emplace("b", "1");
  EXPECT_EQ(host_diff(some, HostContext{}), "  sched_tunables: (2 entries) → (unknown)\n");
}

TEST(HostDiff, ShowsHeapFieldsFurtherIn) {
  HostContext after = full_host();
  after.heap_state->active_bytes = 20;
  after.heap_state->allocated_bytes.reset();
  after.heap_state->mapped_bytes = 4;
  EXPECT_EQ(host_diff(full_host(), after),
            "  heap_state:\n"
            "    allocated_bytes: 1 → (unknown)\n"
            "    active_bytes: 2 → 20\n"
            "    mapped_bytes: (unknown) → 4\n");
}

TEST(HostDiff, NamesTheSideThatHasAHeapState) {
  HostContext without = full_host();
  without.heap_state.reset();
  EXPECT_EQ(host_diff(full_host(), without), "  heap_state: (present) → (unknown)\n");
  EXPECT_EQ(host_diff(without, full_host()), "  heap_state: (unknown) → (present)\n");
}

TEST(HostEqual, ComparesFieldByField) {
  EXPECT_TRUE(host_equal(full_host(), full_host()));
  EXPECT_FALSE(host_equal(full_host(), HostContext{}));
  HostContext other = full_host();
  other.heap_state->narenas = 6;
  EXPECT_FALSE(host_equal(full_host(), other));
  other = full_host();
  other.sched_tunables->erase("sched_a");
  EXPECT_FALSE(host_equal(full_host(), other));
  other = full_host();
  other.cpufreq_governor[2] = "x";
  EXPECT_FALSE(host_equal(full_host(), other));
  other = full_host();
  other.thp_defrag.reset();
  EXPECT_FALSE(host_equal(full_host(), other));
  other = full_host();
  other.config_task_xacct = XacctState::on;
  EXPECT_FALSE(host_equal(full_host(), other));
}

TEST(HostEqual, TellsNoHeapStateFromAnEmptyOneAndNoTunablesFromEmptyOnes) {
  HostContext heap;
  heap.heap_state.emplace();
  EXPECT_FALSE(host_equal(HostContext{}, heap));
  HostContext tunables;
  tunables.sched_tunables.emplace();
  EXPECT_FALSE(host_equal(HostContext{}, tunables));
}

TEST(HostEqual, IgnoresUnknownKeysOfADecodedRecord) {
  HostContext decoded = full_host();
  decoded.keys.read = 7;
  decoded.keys.unknown.push_back({"", "\"later\"", "1"});
  EXPECT_TRUE(host_equal(full_host(), decoded));
}

TEST(ActiveThpPolicy, IsTheTextInBrackets) {
  EXPECT_EQ(active_thp_policy("always [madvise] never"), "madvise");
  EXPECT_EQ(active_thp_policy("[a] [b]"), "a");
  EXPECT_EQ(active_thp_policy("] [x[y] z"), "x[y");
  EXPECT_EQ(active_thp_policy("[]"), "");
}

TEST(ActiveThpPolicy, IsNoneWithoutBothBrackets) {
  EXPECT_EQ(active_thp_policy("always"), std::nullopt);
  EXPECT_EQ(active_thp_policy("always [madvise"), std::nullopt);
  EXPECT_EQ(active_thp_policy("] always ["), std::nullopt);
  EXPECT_EQ(active_thp_policy(""), std::nullopt);
}

}  // namespace
}  // namespace ktstr

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
