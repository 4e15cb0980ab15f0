// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "report/documents.hpp"

namespace ktstr::test {
namespace {

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

}  // namespace
}  // namespace ktstr::test
