// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::complaint;
using test::decoded;
using test::ObjectText;
using test::place;

std::string with_total_workers(std::string value) {
  return place<ScenarioStats>(
             ObjectText<ScenarioStats>().set("total_workers", std::move(value)).text())
      .json;
}

std::string with_worst_spread(std::string value) {
  return place<ScenarioStats>(
             ObjectText<ScenarioStats>().set("worst_spread", std::move(value)).text())
      .json;
}

std::string with_test_name(std::string value) {
  return ObjectText<Record>().set("test_name", std::move(value)).text();
}

// ---- numbers ------------------------------------------------------------------------------------

TEST(DecoderNumber, OfAnIntegerFieldIsAnIntegerTokenInRange) {
  const auto stats_complaint = [](const char* value) {
    const std::string said = complaint(with_total_workers(value));
    const std::string path = "stats.total_workers: ";
    return said.rfind(path, 0) == 0 ? said.substr(path.size()) : said;
  };
  EXPECT_EQ(stats_complaint("18446744073709551615"), "");
  EXPECT_EQ(stats_complaint("3.0"), "invalid type: floating point `3.0`, expected u64");
  EXPECT_EQ(stats_complaint("1e3"), "invalid type: floating point `1000.0`, expected u64");
  EXPECT_EQ(stats_complaint("-1"), "invalid value: integer `-1`, expected u64");
  EXPECT_EQ(stats_complaint("-0"), "invalid type: floating point `-0`, expected u64");
  EXPECT_EQ(stats_complaint("18446744073709551616"),
            "invalid type: floating point `18446744073709551616`, expected u64");
}

TEST(DecoderNumber, IsHeldToTheWidthOfItsField) {
  EXPECT_EQ(complaint(ObjectText<Record>().set("vcpus", "4294967295").text()), "");
  EXPECT_EQ(complaint(ObjectText<Record>().set("vcpus", "4294967296").text()),
            "vcpus: invalid value: integer `4294967296`, expected u32");
  const auto with_exit_code = [](const char* code) {
    return place<PayloadMetrics>(ObjectText<PayloadMetrics>().set("exit_code", code).text()).json;
  };
  EXPECT_EQ(complaint(with_exit_code("-2147483648")), "");
  EXPECT_EQ(complaint(with_exit_code("2147483648")),
            "metrics[0].exit_code: invalid value: integer `2147483648`, expected i32");
  const auto with_step = [](const char* step) {
    return place<PhaseBucket>(ObjectText<PhaseBucket>().set("step_index", step).text()).json;
  };
  EXPECT_EQ(complaint(with_step("65536")),
            "stats.phases[0].step_index: invalid value: integer `65536`, expected u16");
}

TEST(DecoderNumber, OfAFractionFieldMayBeAnInteger) {
  const auto worst_spread = [](const std::string& value) {
    const DecodedRecord result = decoded(with_worst_spread(value));
    EXPECT_EQ(result.error, "") << value;
    return result.record.stats.worst_spread;
  };
  EXPECT_EQ(worst_spread("3"), 3.0);
  EXPECT_EQ(worst_spread("18446744073709551616"), 18446744073709551616.0);
  EXPECT_EQ(worst_spread("1" + std::string(300, '0')), 1e300);
  EXPECT_EQ(worst_spread("1e-999"), 0.0);
  EXPECT_TRUE(std::signbit(worst_spread("-0")));
  EXPECT_TRUE(std::signbit(worst_spread("-0.0")));
}

TEST(DecoderNumber, OutOfAFractionsRangeBreaksTheContract) {
  for (const std::string& value :
       {std::string("1e999"), std::string("-1e400"), "1" + std::string(400, '0'),
        "1" + std::string(309, '0') + ".5"}) {
    EXPECT_EQ(complaint(with_worst_spread(value)), "stats.worst_spread: number out of range");
  }
}

// ---- strings ------------------------------------------------------------------------------------

TEST(DecoderString, IsReadWithItsEscapes) {
  EXPECT_EQ(decoded(with_test_name("\"a\\u00e9\\n\\ud83d\\ude00\\/\"")).record.test_name,
            "a\u00e9\n\U0001F600/");
}

TEST(DecoderString, BreaksTheContractWithALoneSurrogate) {
  EXPECT_EQ(complaint(with_test_name("\"\\ud800\"")),
            "test_name: invalid type: string with a lone surrogate, expected a string");
}

// Once the document is rewritten, strings that look like a mark must still be themselves.
TEST(DecoderString, CannotFakeAMarkOfTheExactReader) {
  for (const std::string& text : {std::string(1, '\0'), std::string("\0n1e999", 7),
                                  std::string("\0c{", 3), std::string(3, '\0')}) {
    std::string json_text = "\"";
    for (const char c : text) json_text += c == '\0' ? "\\u0000" : std::string(1, c);
    json_text += '"';
    const DecodedRecord result =
        decoded(ObjectText<Record>().set("test_name", json_text).add("z", "-0").text());
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.record.test_name, text);
    EXPECT_EQ(complaint(ObjectText<Record>().set("vcpus", json_text).add("z", "-0").text())
                  .rfind("vcpus: invalid type: string \"", 0),
              0U);
  }
}

// ---- containers ---------------------------------------------------------------------------------

TEST(DecoderContainer, SetMayBeUnsortedAndRepeatItself) {
  const auto json =
      place<CgroupStats>(ObjectText<CgroupStats>().set("cpus_used", "[3,1,3,2]").text()).json;
  const DecodedRecord result = decoded(json);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.record.stats.cgroups.at(0).cpus_used, (std::set<std::uint64_t>{1, 2, 3}));
}

TEST(DecoderContainer, MapTakesTheLastOfEqualKeys) {
  const auto json =
      place<ScenarioStats>(
          ObjectText<ScenarioStats>().set("ext_metrics", R"({"b":1,"a":2,"b":3})").text())
          .json;
  const DecodedRecord result = decoded(json);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.record.stats.ext_metrics,
            (std::map<std::string, double>{{"a", 2.0}, {"b", 3.0}}));
}

TEST(DecoderContainer, MapTakesNoNullAndNoLoneSurrogate) {
  const auto with_metrics = [](const char* value) {
    return place<ScenarioStats>(ObjectText<ScenarioStats>().set("ext_metrics", value).text()).json;
  };
  EXPECT_EQ(complaint(with_metrics(R"({"a":null,"a":1})")),
            "stats.ext_metrics.a: invalid type: null, expected f64");
  EXPECT_EQ(complaint(with_metrics(R"({"\ud800":1})")),
            "stats.ext_metrics: lone surrogate in a key");
}

TEST(DecoderContainer, KvmStatisticsKeepTheirOrderAndTheLastOfEqualNames) {
  const auto json =
      place<KvmStatsTotals>(R"({"per_vcpu":[{"z":1,"a":2,"z":3,"m":4},{},{"a":5}]})").json;
  const DecodedRecord result = decoded(json);
  EXPECT_EQ(result.error, "");
  const auto& vcpus = result.record.kvm_stats->per_vcpu;
  ASSERT_EQ(vcpus.size(), 3U);
  EXPECT_EQ(vcpus[0], (decltype(vcpus[0]){{"z", 3}, {"a", 2}, {"m", 4}}));
  EXPECT_EQ(result.record.kvm_stats->sum("a"), 7U);
  EXPECT_EQ(result.record.kvm_stats->avg("a"), 2U) << "a vCPU without it still divides";
  EXPECT_EQ(result.record.kvm_stats->sum("none"), 0U);
}

TEST(DecoderContainer, CpuIdsAreIntegersAsRustReadsThem) {
  const auto with_governors = [](const char* map) {
    return place<HostContext>(std::string(R"({"cpufreq_governor":)") + map + "}").json;
  };
  const DecodedRecord result = decoded(with_governors(R"({"10":"a","02":"b","+3":"c"})"));
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.record.host->cpufreq_governor,
            (std::map<std::uint64_t, std::string>{{2, "b"}, {3, "c"}, {10, "a"}}));
  for (const char* key : {"", "x", "1x", " 1", "-1", "++1", "1.0", "18446744073709551616"}) {
    const std::string map = std::string("{\"") + key + "\":\"a\"}";
    EXPECT_EQ(complaint(with_governors(map.c_str())),
              std::string("host.cpufreq_governor.") + key + ": invalid key, expected u64");
  }
}

TEST(DecoderContainer, HistogramHasExactly4864Buckets) {
  for (const std::size_t buckets : {0, 1, 4863, 4864, 4865}) {
    const auto placed =
        place<PlatStats>(ObjectText<PlatStats>().set("plat", test::plat_json(buckets)).text());
    EXPECT_EQ(complaint(placed.json), buckets == 4864 ? ""
                                                      : placed.path + ".plat: invalid length " +
                                                            std::to_string(buckets) +
                                                            ", expected 4864 buckets");
  }
}

// ---- enums --------------------------------------------------------------------------------------

std::string with_polarity(const char* polarity) {
  return place<Metric>(ObjectText<Metric>().set("polarity", polarity).text()).json;
}

TEST(DecoderEnum, UnitVariantStandsAsItsNameOrWithNull) {
  const auto kind = [](const char* polarity) {
    const DecodedRecord result = decoded(with_polarity(polarity));
    EXPECT_EQ(result.error, "") << polarity;
    return result.record.metrics.at(0).metrics.at(0).polarity.kind;
  };
  EXPECT_EQ(kind("\"LowerBetter\""), Polarity::Kind::lower_better);
  EXPECT_EQ(kind("{\"HigherBetter\":null}"), Polarity::Kind::higher_better);
  EXPECT_EQ(kind("\"Informational\""), Polarity::Kind::informational);
}

TEST(DecoderEnum, ValueVariantCarriesItsNumber) {
  const DecodedRecord result = decoded(with_polarity("{\"TargetValue\":20}"));
  EXPECT_EQ(result.error, "");
  const Polarity& polarity = result.record.metrics.at(0).metrics.at(0).polarity;
  EXPECT_EQ(polarity.kind, Polarity::Kind::target_value);
  EXPECT_EQ(polarity.target, 20.0);
}

TEST(DecoderEnum, BreaksTheContractInAnyOtherForm) {
  for (const char* polarity :
       {"\"TargetValue\"", "{\"TargetValue\":null}", "{\"TargetValue\":1e999}",
        "{\"TargetValue\":1,\"x\":2}", "{\"HigherBetter\":1}", "{\"HigherBetter\":{}}",
        "\"higherbetter\"", "\"New\"", "{}", "1", "null", "[\"Unknown\"]"}) {
    EXPECT_EQ(complaint(with_polarity(polarity)).rfind("metrics[0].metrics[0].polarity", 0), 0U)
        << polarity;
  }
}

TEST(DecoderEnum, SaysWhichNamesThereAre) {
  const auto json =
      place<Metric>(ObjectText<Metric>().set("stream", "\"Synthesized\"").text()).json;
  EXPECT_EQ(complaint(json),
            "metrics[0].metrics[0].stream: unknown variant `Synthesized`, expected `Stdout` or "
            "`Stderr`");
}

}  // namespace
}  // namespace ktstr
