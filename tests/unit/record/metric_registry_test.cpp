// SPDX-License-Identifier: MIT
#include "record/metric_registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace ktstr {
namespace {

using Type = MetricKind::Type;

const std::string k_header_line =
    "name,unit,polarity,kind,default_abs,default_rel,source,suppressed,meaning\n";

/// A registry of one good metric but for the given column's text.
std::string registry_with(std::size_t column, const std::string& text) {
  std::vector<std::string> fields{"gap", "ms",    "lower", "Peak",      "5",
                                  "0.5", "typed", "0",     "A meaning."};
  fields.at(column) = text;
  std::string line;
  for (const std::string& field : fields) line += field + ",";
  line.back() = '\n';
  return k_header_line + line;
}

std::string error_of(const std::string& csv) {
  const auto parsed = parse_metric_registry(csv);
  return parsed ? "" : parsed.error().message;
}

TEST(MetricRegistry, EmbeddedTextParsesWithoutAnError) {
  const auto parsed = parse_metric_registry(embedded_metrics_csv);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text();
  EXPECT_EQ(parsed->size(), 172U);
  EXPECT_EQ(metric_registry().size(), 172U);
}

TEST(MetricRegistry, HasTheHarnessesNumberOfMetricsOfEachKind) {
  std::map<std::string, int> count;
  for (const auto& metric : metric_registry()) {
    ++count[std::string(metric_kind_name(metric.kind.type))];
  }
  const std::map<std::string, int> expected{{"PerPhase", 48},
                                            {"Counter", 42},
                                            {"PerRunDistribution", 23},
                                            {"Rate", 22},
                                            {"Peak", 12},
                                            {"Gauge", 9},
                                            {"Distribution", 9},
                                            {"WorstLowest", 3},
                                            {"PerPhaseDeltaSum", 2},
                                            {"WakeLatencyTailRatio", 1},
                                            {"WorstCrossNodeRatio", 1}};
  EXPECT_EQ(count, expected);
}

TEST(MetricRegistry, HasTheHarnessesNumberOfMetricsOfEachPolarity) {
  std::map<std::string, int> count;
  for (const auto& metric : metric_registry()) {
    ++count[std::string(polarity_word(metric.polarity))];
  }
  const std::map<std::string, int> expected{{"lower", 92}, {"higher", 39}, {"informational", 41}};
  EXPECT_EQ(count, expected);
}

TEST(MetricRegistry, HasTheHarnessesNumberOfMetricsOfEachSource) {
  std::map<std::string, int> count;
  for (const auto& metric : metric_registry()) {
    const MetricSources& from = metric.sources;
    count["typed"] += from.typed ? 1 : 0;
    count["monitor"] += from.monitor ? 1 : 0;
    count["ext"] += from.ext ? 1 : 0;
    count["derived"] += from.derived ? 1 : 0;
    count["phase"] += from.phase ? 1 : 0;
    count["cgroup"] += from.cgroup ? 1 : 0;
  }
  const std::map<std::string, int> expected{{"typed", 10},   {"monitor", 13}, {"ext", 91},
                                            {"derived", 22}, {"phase", 32},   {"cgroup", 17}};
  EXPECT_EQ(count, expected);
}

TEST(MetricRegistry, SuppressesSixteenComponentsAndEachIsUsedByARateOrAnOlderOne) {
  std::set<std::string_view> components{"total_taobench_wall_sec"};
  for (const auto& metric : metric_registry()) {
    if (metric.kind.type != Type::rate) continue;
    components.insert(metric.kind.numerator);
    components.insert(metric.kind.denominator);
  }
  int suppressed = 0;
  for (const auto& metric : metric_registry()) {
    if (!metric.suppressed) continue;
    ++suppressed;
    EXPECT_EQ(components.count(metric.name), 1U) << metric.name;
  }
  EXPECT_EQ(suppressed, 16);
}

TEST(MetricRegistry, HasEveryComponentOfEveryRateAndDerivesNothingElse) {
  for (const auto& metric : metric_registry()) {
    EXPECT_EQ(metric.sources.derived, metric.kind.type == Type::rate) << metric.name;
    if (metric.kind.type != Type::rate) continue;
    EXPECT_NE(find_metric(metric.kind.numerator), nullptr) << metric.name;
    EXPECT_NE(find_metric(metric.kind.denominator), nullptr) << metric.name;
  }
}

TEST(MetricRegistry, SaysWhatEveryMetricMeansInOneSentence) {
  std::set<std::string_view> seen;
  for (const auto& metric : metric_registry()) {
    ASSERT_FALSE(metric.meaning.empty()) << metric.name;
    EXPECT_EQ(metric.meaning.back(), '.') << metric.name;
    EXPECT_TRUE(seen.insert(metric.meaning).second) << metric.name << " has another's sentence";
  }
}

TEST(MetricRegistry, KeepsTheHarnessesOrder) {
  EXPECT_EQ(metric_registry().front().name, "worst_spread");
  EXPECT_EQ(metric_registry().back().name, "total_cpu_time_ns");
}

TEST(MetricRegistry, FindsEveryMetricByItsExactName) {
  for (const auto& metric : metric_registry()) EXPECT_EQ(find_metric(metric.name), &metric);
}

TEST(MetricRegistry, FindsNothingUnderAnotherSpelling) {
  EXPECT_EQ(find_metric("Worst_spread"), nullptr);
  EXPECT_EQ(find_metric("worst_sprea"), nullptr);
  EXPECT_EQ(find_metric(""), nullptr);
}

TEST(MetricRegistry, KeepsUnitsAndThresholdsOfAMetric) {
  const MetricDefinition* metric = find_metric("worst_p999_timer_latency_us");
  ASSERT_NE(metric, nullptr);
  EXPECT_EQ(metric->unit, "\xC2\xB5s");
  EXPECT_EQ(metric->default_abs, 100.0);
  EXPECT_EQ(metric->default_rel, 0.25);
  EXPECT_EQ(metric->polarity, Polarity::Kind::lower_better);
}

TEST(MetricRegistry, KeepsTheSamplesAndReductionOfADistribution) {
  const MetricDefinition* metric = find_metric("worst_p999_timer_latency_us");
  ASSERT_NE(metric, nullptr);
  EXPECT_EQ(metric->kind.type, Type::distribution);
  EXPECT_EQ(metric->kind.source, "timer_ns");
  EXPECT_EQ(metric->kind.reduction, "P999");
}

TEST(MetricRegistry, KeepsBothPartsOfARatio) {
  const MetricDefinition* rate = find_metric("iteration_rate");
  const MetricDefinition* lowest = find_metric("worst_iterations_per_cpu_sec");
  ASSERT_NE(rate, nullptr);
  ASSERT_NE(lowest, nullptr);
  EXPECT_EQ(rate->kind.numerator, "total_phase_iterations");
  EXPECT_EQ(rate->kind.denominator, "total_phase_duration_sec");
  EXPECT_EQ(lowest->kind.type, Type::worst_lowest);
  EXPECT_EQ(lowest->kind.numerator, "iterations");
  EXPECT_EQ(lowest->kind.denominator, "cpu_sec");
}

TEST(MetricRegistryText, ReadsAQuotedFieldWithACommaInIt) {
  const std::string csv = registry_with(8, "\"One, two.\"");
  const auto parsed = parse_metric_registry(csv);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text();
  EXPECT_EQ(parsed->at(0).meaning, "One, two.");
}

TEST(MetricRegistryText, RefusesAWrongWordInEachColumnAndNamesTheColumn) {
  EXPECT_NE(error_of(registry_with(0, "a gap")).find("line 2"), std::string::npos);
  EXPECT_NE(error_of(registry_with(0, "")).find("bad name"), std::string::npos);
  EXPECT_NE(error_of(registry_with(2, "Lower")).find("bad polarity"), std::string::npos);
  EXPECT_NE(error_of(registry_with(4, "5x")).find("bad default_abs"), std::string::npos);
  EXPECT_NE(error_of(registry_with(4, "nan")).find("bad default_abs"), std::string::npos);
  EXPECT_NE(error_of(registry_with(5, "-0.5")).find("bad default_rel"), std::string::npos);
  EXPECT_NE(error_of(registry_with(5, "")).find("bad default_rel"), std::string::npos);
  EXPECT_NE(error_of(registry_with(6, "somewhere")).find("bad source"), std::string::npos);
  EXPECT_NE(error_of(registry_with(6, "ext+ext")).find("bad source"), std::string::npos);
  EXPECT_NE(error_of(registry_with(7, "yes")).find("bad suppressed"), std::string::npos);
  EXPECT_NE(error_of(registry_with(8, "")).find("bad meaning"), std::string::npos);
}

TEST(MetricRegistryText, RefusesAKindOutsideTheGrammar) {
  for (const char* kind : {"", "peak", "Peak()", "Peak(Max)", "Gauge", "Gauge(Min)", "Gauge(Avg",
                           "Rate(a)", "Rate(a/b)", "Rate(a / b / c)", "Rate(a / )", "Rate(a / b))",
                           "WorstLowest(a b / c)", "\"Distribution(wake ns, P99)\"",
                           "\"Distribution(wake_ns, P98)\"", "\"Distribution(wake_ns,P99)\""}) {
    EXPECT_NE(error_of(registry_with(3, kind)).find("bad kind"), std::string::npos) << kind;
  }
}

TEST(MetricRegistryText, RefusesALineOfAnotherNumberOfFields) {
  EXPECT_NE(error_of(registry_with(8, "A meaning.,more")).find("nine fields"), std::string::npos);
  EXPECT_NE(error_of(k_header_line + "gap,ms,lower\n").find("nine fields"), std::string::npos);
  EXPECT_NE(error_of(k_header_line + "\n").find("nine fields"), std::string::npos);
}

TEST(MetricRegistryText, RefusesAQuoteThatDoesNotEncloseTheField) {
  EXPECT_NE(error_of(registry_with(1, "m\"s")), "");
  EXPECT_NE(error_of(registry_with(1, "\"ms\"x")), "");
  EXPECT_NE(error_of(registry_with(8, "\"open")), "");
}

TEST(MetricRegistryText, RefusesAnotherHeaderOrNoneOrACutLastLine) {
  EXPECT_NE(error_of("name,unit\n"), "");
  EXPECT_NE(error_of(""), "");
  std::string cut = registry_with(1, "ms");
  cut.pop_back();
  EXPECT_NE(error_of(cut).find("no newline"), std::string::npos);
}

TEST(MetricRegistryText, RefusesANameThatStandsTwice) {
  const std::string once = registry_with(1, "ms");
  EXPECT_EQ(error_of(once), "");
  EXPECT_NE(error_of(once + once.substr(k_header_line.size())).find("seen before"),
            std::string::npos);
}

}  // namespace
}  // namespace ktstr
