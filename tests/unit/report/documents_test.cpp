// SPDX-License-Identifier: MIT
#include "report/documents.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "report/table.hpp"
#include "support/gauntlet_rows.hpp"

namespace ktstr::test {
namespace {

std::string compact(const HostContext& host) {
  return json_document(JsonValue(host_document(host)), JsonStyle::compact);
}

TEST(HostDocument, LeavesOutWhatIsAbsent) {
  EXPECT_EQ(compact({}), "{}\n");
  HostContext host;
  host.sched_tunables.emplace();
  EXPECT_EQ(compact(host), "{\"sched_tunables\":{}}\n");
}

TEST(HostDocument, HasTheKeysAndValuesThatASidecarHas) {
  HostContext host;
  host.cpu_model = "A \"CPU\"";
  host.total_memory_kib = 18446744073709551615U;
  host.thp_enabled = "always [madvise] never";
  host.sched_tunables.emplace()["sched_a"] = "1";
  host.numa_nodes = 2;
  host.cpufreq_governor = {{2, "performance"}, {10, "powersave"}};
  host.arch = "x86_64";
  host.task_delayacct = DelayacctState::runtime_off;
  host.config_task_xacct = XacctState::off;
  host.heap_state.emplace().narenas = 4;
  Record record;
  record.host = host;
  const std::string sidecar = encode_record(record);
  // The same text at another depth.
  std::string expected = "  \"host\": ";
  for (const char c : json_document(JsonValue(host_document(host)))) {
    expected += c;
    if (c == '\n') expected += "  ";
  }
  expected.resize(expected.find_last_of('}') + 1);
  EXPECT_NE(sidecar.find(expected), std::string::npos) << expected << "\n" << sidecar;
}

/// The registry's entry for one metric, on one line.
std::string entry(std::string_view name) {
  const MetricDefinition* metric = find_metric(name);
  if (metric == nullptr) return "no such metric";
  const JsonArray document = metrics_document({*metric});
  return json_document(document.at(0), JsonStyle::compact);
}

std::string text_of(std::string_view name) { return kind_text(find_metric(name)->kind); }

TEST(MetricsDocument, HasTheHarnessesKeysInItsOrderAndItsNumbers) {
  EXPECT_EQ(entry("worst_spread"),
            "{\"name\":\"worst_spread\",\"polarity\":\"LowerBetter\",\"kind\":{\"Gauge\":\"Last\"},"
            "\"default_abs\":5.0,\"default_rel\":0.25,\"display_unit\":\"%\"}\n");
}

TEST(MetricsDocument, ShowsPlainKindsAsStrings) {
  EXPECT_NE(entry("total_run_delay").find("\"kind\":\"Counter\""), std::string::npos);
  EXPECT_NE(entry("total_run_delay").find("\"polarity\":\"Informational\""), std::string::npos);
  EXPECT_NE(entry("worst_wake_latency_tail_ratio").find("\"kind\":\"WakeLatencyTailRatio\""),
            std::string::npos);
}

TEST(MetricsDocument, ShowsKindsWithPartsAsObjectsInTheHarnessesWords) {
  EXPECT_NE(entry("ttwu_local_fraction")
                .find("{\"Rate\":{\"numerator\":\"total_ttwu_local\","
                      "\"denominator\":\"total_ttwu_count\"}}"),
            std::string::npos);
  EXPECT_NE(entry("worst_wake_latency_cv")
                .find("{\"Distribution\":{\"source\":\"WakeLatencyNs\",\"reduction\":\"Cv\"}}"),
            std::string::npos);
  EXPECT_NE(entry("worst_iterations_per_cpu_sec")
                .find("{\"WorstLowest\":{\"numerator\":\"Iterations\","
                      "\"denominator\":\"CpuTimeNs\"}}"),
            std::string::npos);
}

TEST(MetricsDocument, ShowsEveryMetricOfTheRegistryInItsOrder) {
  const JsonArray document = metrics_document(metric_registry());
  ASSERT_EQ(document.size(), metric_registry().size());
  const std::string all = json_document(JsonValue(document), JsonStyle::compact);
  std::size_t at = 0;
  for (const MetricDefinition& metric : metric_registry()) {
    at = all.find("{\"name\":\"" + std::string(metric.name) + "\"", at);
    ASSERT_NE(at, std::string::npos) << metric.name;
  }
}

TEST(MetricTexts, SayPolarityInTheListingsWords) {
  EXPECT_EQ(polarity_text({Polarity::Kind::higher_better}), "higher");
  EXPECT_EQ(polarity_text({Polarity::Kind::lower_better}), "lower");
  EXPECT_EQ(polarity_text({Polarity::Kind::target_value, 2.5}), "target(2.5)");
  EXPECT_EQ(polarity_text({Polarity::Kind::unknown}), "unknown");
  EXPECT_EQ(polarity_text({Polarity::Kind::informational}), "informational");
}

TEST(MetricTexts, SayKindsShortly) {
  EXPECT_EQ(text_of("worst_gap_ms"), "Peak");
  EXPECT_EQ(text_of("avg_dsq_depth"), "Gauge(Avg)");
  EXPECT_EQ(text_of("ttwu_local_fraction"), "Rate(total_ttwu_local / total_ttwu_count)");
  EXPECT_EQ(text_of("worst_run_delay_us"), "Distribution(RunDelayNs, Worst)");
  EXPECT_EQ(text_of("worst_page_locality"), "WorstLowest(NumaLocal / NumaTotal)");
}

/// The line of the only scenario.
std::string scenario_line(const GauntletRow& row) {
  RunReport report;
  report.rows = {row};
  const std::string text = gauntlet_text(report);
  const std::string heading = "By scenario (worst first):\n";
  const std::size_t start = text.find(heading) + heading.size();
  return text.substr(start, text.find('\n', start) - start);
}

RunReport example() {
  RunReport report;
  for (const char* name : {"a", "b", "c", "d", "e"})
    report.rows.push_back(row(name, 0, "1n1l2c1t"));
  report.rows.push_back(row("f", 60, "1n1l2c1t"));
  GauntletRow failure = row("f", 70, "1n2l4c1t");
  failure.passed = false;
  failure.work_type = "FutexPingPong";
  report.rows.push_back(failure);
  report.verifier = {{"heavy", 800'000}, {"dispatch", 40'000}, {"dispatch", 50'000}};
  report.callbacks = {{"test_a", "1n2l4c1t", {{"ktstr_enqueue", 1000, 250'000, 250.0}}}};
  report.kvm = {{2, 200, 10, 5'600'000, 5, 10, 4, 6, 4}, {1, 100, 5, 2'800'000, 5, 10, 2, 3, 2}};
  return report;
}

constexpr const char* k_gauntlet = R"(
=== GAUNTLET ANALYSIS ===

Outliers detected:
  f: spread 60.0 (overall avg 10.0, +2.0σ)
    worst on: 1n1l2c1t, 1n2l4c1t

By scenario (worst first):
  f                         1/2 passed (0 skipped, 0 inconclusive, 1 failed)  avg_spread=65.0%  avg_gap=0ms
  a                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=0.0%  avg_gap=0ms
  b                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=0.0%  avg_gap=0ms
  c                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=0.0%  avg_gap=0ms
  d                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=0.0%  avg_gap=0ms
  e                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=0.0%  avg_gap=0ms

By topology:
  1n2l4c1t                  0/1 passed (0 skipped, 0 inconclusive, 1 failed)  avg_spread=70.0%  avg_gap=0ms
  1n1l2c1t                  6/6 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=10.0%  avg_gap=0ms

By work_type:
  FutexPingPong             0/1 passed (0 skipped, 0 inconclusive, 1 failed)  avg_spread=70.0%  avg_gap=0ms
  SpinWait                  6/6 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=10.0%  avg_gap=0ms
)";

constexpr const char* k_verifier = R"(
=== BPF VERIFIER STATS ===

  program                      verified   limit%
  ------------------------ ------------ --------
  dispatch                        50000     5.0%
  heavy                          800000    80.0% !

  total verified insns: 850000

WARNING: programs near verifier complexity limit:
  heavy: 80.0% of 1M limit (800000 verified insns)
)";

constexpr const char* k_callbacks = R"(
=== BPF CALLBACK PROFILE ===

  test_a (1n2l4c1t):
    program                           cnt       total_ns       avg_ns
    ------------------------ ------------ -------------- ------------
    ktstr_enqueue                    1000         250000          250
)";

constexpr const char* k_kvm = R"(
=== KVM STATS (avg across 2 VMs) ===

  exits/vcpu      100   halt/vcpu         5   halt_wait_ms     2.8
  poll_ok%      50.0%   preempted/vcpu    2   signal/vcpu        3
  hypercalls/vcpu    2

  WARNING: 6 host preemptions detected -- timing results may be unreliable
)";

TEST(GauntletText, IsTheHarnesssOwn) { EXPECT_EQ(gauntlet_text(example()), k_gauntlet); }
TEST(VerifierText, IsTheHarnesssOwn) { EXPECT_EQ(verifier_text(example()), k_verifier); }
TEST(CallbackText, IsTheHarnesssOwn) { EXPECT_EQ(callback_text(example()), k_callbacks); }
TEST(KvmText, IsTheHarnesssOwn) { EXPECT_EQ(kvm_text(example()), k_kvm); }

TEST(RunReportText, IsTheFourBlocksInTheirOrder) {
  EXPECT_EQ(run_report_text(example()), std::string(k_gauntlet) + k_verifier + k_callbacks + k_kvm);
}

TEST(RunReportText, OfNothingIsEmpty) { EXPECT_EQ(run_report_text({}), ""); }

TEST(RunReportText, LeavesBlocksOutThatHaveNothingToSay) {
  RunReport report;
  report.verifier = {{"a", 1}};
  EXPECT_EQ(run_report_text(report), verifier_text(report));
}

TEST(GauntletText, SaysThatNothingStandsOutAndLeavesASingleWorkTypeOut) {
  RunReport report;
  report.rows = {row("a", 0, "t")};
  EXPECT_EQ(gauntlet_text(report), R"(
=== GAUNTLET ANALYSIS ===

No outliers detected.

By scenario (worst first):
  a                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=0.0%  avg_gap=0ms

By topology:
  t                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  avg_spread=0.0%  avg_gap=0ms
)");
}

TEST(GauntletText, ShowsTheOptionalPartsOnlyWhereTheySaySomething) {
  GauntletRow full = with(row("a", 1.25, "t"), GauntletMetric::gap_ms, 12.5);
  full = with(full, GauntletMetric::imbalance, 1.35);
  full = with(full, GauntletMetric::dsq_depth, 2.5);
  full = with(full, GauntletMetric::stuck, 2.9);
  full = with(full, GauntletMetric::fallback, 0.5);
  EXPECT_EQ(scenario_line(full),
            "  a                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  "
            "avg_spread=1.2%  avg_gap=12ms  imbal=1.4  dsq=2  stuck=2  fallback=0");
  GauntletRow none = with(row("a", 0, "t"), GauntletMetric::imbalance, 1);
  none = with(none, GauntletMetric::fallback, -3);
  EXPECT_EQ(scenario_line(none),
            "  a                         1/1 passed (0 skipped, 0 inconclusive, 0 failed)  "
            "avg_spread=0.0%  avg_gap=0ms");
}

TEST(GauntletText, RoundsTheExactBinaryValueAndTiesToEven) {
  const auto spread = [](double value) {
    const std::string line = scenario_line(row("a", value, "t"));
    const std::size_t start = line.find("avg_spread=") + 11;
    return line.substr(start, line.find('%', start) - start);
  };
  EXPECT_EQ(spread(0.25), "0.2");
  EXPECT_EQ(spread(0.75), "0.8");
  EXPECT_EQ(spread(0.35), "0.3");  // a little below in binary
  EXPECT_EQ(spread(0.45), "0.5");  // a little above
  EXPECT_EQ(spread(-0.04), "-0.0");
  EXPECT_EQ(spread(1e22), "10000000000000000000000.0");
}

TEST(GauntletText, ShowsAnAbsurdStuckCountAtTheEndOfTheRange) {
  const std::string line = scenario_line(with(row("a", 0, "t"), GauntletMetric::stuck, 1e30));
  EXPECT_NE(line.find("  stuck=18446744073709551615"), std::string::npos) << line;
}

TEST(PaddedName, CountsUnicodeScalarsNotBytesOrCells) {
  EXPECT_EQ(padded_name("名前", 4), "名前  ");
  EXPECT_EQ(padded_name("e\u0301", 4), "e\u0301  ");
  EXPECT_EQ(padded_name("too long", 4), "too long");
  EXPECT_EQ(padded_name("", 2), "  ");
}

TEST(PaddedName, CountsWhatIsShownForAControlByte) {
  EXPECT_EQ(padded_name("a\x1b", 6), "a\\x1b ");
  EXPECT_EQ(padded_name("a\nb", 5), "a\\nb ");
}

TEST(RunReportText, LetsNoControlByteThrough) {
  RunReport report = example();
  const std::string name = "x\x1b[31m\n";
  for (GauntletRow& each : report.rows) {
    each.scenario += name;
    each.topology += name;
    each.work_type += name;
  }
  for (VerifierProgram& each : report.verifier) each.program += name;
  report.callbacks[0].test_name += name;
  report.callbacks[0].topology += name;
  report.callbacks[0].programs[0].program += name;
  const std::string text = run_report_text(report);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const std::string plain = run_report_text(example());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'),
            std::count(plain.begin(), plain.end(), '\n'));
}

TEST(CallbackText, RoundsToWholeNanosecondsAndSeparatesTests) {
  RunReport report;
  report.callbacks = {{"a", "t", {{"p", 1, 2, 2.5}, {"q", 3, 4, 0.5}}},
                      {"nothing", "t", {}},
                      {"b", "t", {{"p", 1, 2, 3.5}}}};
  EXPECT_EQ(callback_text(report), R"(
=== BPF CALLBACK PROFILE ===

  a (t):
    program                           cnt       total_ns       avg_ns
    ------------------------ ------------ -------------- ------------
    p                                   1              2            2
    q                                   3              4            0

  b (t):
    program                           cnt       total_ns       avg_ns
    ------------------------ ------------ -------------- ------------
    p                                   1              2            4
)");
}

TEST(VerifierText, HasNoWarningWithoutAProgramNearTheLimitAndA64BitTotal) {
  RunReport report;
  report.verifier = {{"a", 4'294'967'295U}, {"b", 4'294'967'295U}};
  EXPECT_NE(verifier_text(report).find("\n  total verified insns: 8589934590\n"),
            std::string::npos);
  report.verifier = {{"a", 749'999}};
  const std::string text = verifier_text(report);
  // 74.9999 rounds to 75.0 and still is no reason to warn.
  EXPECT_NE(text.find("  a                              749999    75.0%\n"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("WARNING"), std::string::npos);
}

TEST(KvmText, LeavesHypercallsAndWarningOutWhereTheirAveragesAreZero) {
  RunReport report;
  report.kvm = {{2, 200, 0, 0, 0, 0, 1, 0, 1}};
  EXPECT_EQ(kvm_text(report), R"(
=== KVM STATS (avg across 1 VMs) ===

  exits/vcpu      100   halt/vcpu         0   halt_wait_ms     0.0
  poll_ok%       0.0%   preempted/vcpu    0   signal/vcpu        0
)");
  report.kvm[0].exits = 1;
  EXPECT_EQ(kvm_text(report), "");
}

TEST(RunReportDocument, OfNothingIsWholeAndValid) {
  EXPECT_EQ(json_document(JsonValue(run_report_document({}, {}, {})), JsonStyle::compact),
            R"({"run_dir":null,"path":null,"tests":0,"pass":0,"fail":0,"skip":0,)"
            R"("inconclusive":0,"gauntlet":{"outliers":[],"by_scenario":[],"by_topology":[],)"
            R"("by_work_type":[]},"verifier":[],"callbacks":[],"kvm":null})"
            "\n");
}

TEST(RunReportDocument, HasTheNumbersOfTheText) {
  RunReport report = example();
  report.rows.erase(report.rows.begin(), report.rows.begin() + 5);
  const std::string text = json_document(
      JsonValue(run_report_document(report, "run/job", "/r/run/job")), JsonStyle::compact);
  EXPECT_TRUE(text.starts_with(
      R"({"run_dir":"run/job","path":"/r/run/job","tests":2,"pass":1,"fail":1,"skip":0,)"))
      << text;
  EXPECT_NE(text.find(R"("kvm":{"vms":2,"exits_per_vcpu":100,"halt_per_vcpu":5,"halt_wait_ms":2.8,)"
                      R"("poll_ok_pct":50.0,"preempted_per_vcpu":2,"signal_per_vcpu":3,)"
                      R"("hypercalls_per_vcpu":2,"preemptions":6})"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"({"program":"heavy","verified_insns":800000,"limit_pct":80.0})"),
            std::string::npos)
      << text;
}

TEST(GauntletRows, HaveALineForEachDimensionsValue) {
  const auto rows = gauntlet_rows(example());
  ASSERT_EQ(rows.size(), 10U);
  EXPECT_EQ(rows[0].size(), gauntlet_columns().size());
  EXPECT_EQ(rows[0][0], Value(std::string("scenario")));
  EXPECT_EQ(rows[0][1], Value(std::string("f")));
  EXPECT_EQ(rows[6][0], Value(std::string("topology")));
  EXPECT_EQ(rows[9][0], Value(std::string("work_type")));
}

}  // namespace
}  // namespace ktstr::test
