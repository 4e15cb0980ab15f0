// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::complaint;
using test::decoded;
using test::is_corrupt;
using test::ObjectText;
using test::place;
using test::record_with;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string nested(std::size_t depth) { return repeated("[", depth) + "1" + repeated("]", depth); }

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

// ---- what is no record at all -------------------------------------------------------------------

TEST(DecoderCorrupt, IsWhatIsNotOneJsonText) {
  const std::string record = ObjectText<Record>().text();
  for (const std::string& json : {std::string(),
                                  std::string(" "),
                                  std::string("{"),
                                  record + "x",
                                  record + "{}",
                                  record.substr(0, record.size() / 2),
                                  record.substr(0, record.size() - 1),
                                  record_with("z", "tru"),
                                  record_with("z", "01"),
                                  record_with("z", "1."),
                                  record_with("z", "-"),
                                  record_with("z", "+1"),
                                  record_with("z", "NaN"),
                                  record_with("z", "[1,]"),
                                  record_with("z", "{\"a\":1,}"),
                                  record_with("z", "{1:2}"),
                                  record_with("z", "\"\\x\""),
                                  record_with("z", "\"\\u12g4\""),
                                  record_with("z", "\"\n\""),
                                  record_with("z", "\""),
                                  record + std::string(1, '\0')}) {
    EXPECT_TRUE(is_corrupt(json)) << json;
  }
}

// The fast parser refuses the number, and then the exact reader has to see the fault behind it.
TEST(DecoderCorrupt, IsAlsoFoundBehindWhatOnlyTheExactReaderTakes) {
  for (const std::string& json :
       {record_with("z", "1e999") + "x", record_with("z", "[1e999,tru]"),
        record_with("z", "[1e999,01]"), record_with("z", "[-0,]"), record_with("z", "[1e999"),
        record_with("z", "[\"\\ud800\",\"\\u00\"]"), record_with("z", nested(2000) + "]"),
        record_with("z", repeated("[", 100'000)), record_with("z", "[-0,\"\t\"]")}) {
    EXPECT_TRUE(is_corrupt(json)) << json.substr(0, 3000);
  }
}

TEST(DecoderCorrupt, IsADocumentWhoseTopIsNoObject) {
  for (const char* json : {"[]", "1", "-0", "1e999", "\"x\"", "null", "true", "\"\\u0000n1\""}) {
    EXPECT_TRUE(is_corrupt(json)) << json;
  }
}

TEST(DecoderCorrupt, IsAByteOrderMark) {
  EXPECT_TRUE(is_corrupt("\xEF\xBB\xBF" + ObjectText<Record>().text()));
}

TEST(DecoderCorrupt, NamesBytesThatAreNotUtf8InItsHint) {
  for (const char* bytes : {"\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xE2\x82\""}) {
    const auto result = decode_record(record_with("z", bytes), SampleHandling::keep);
    ASSERT_FALSE(result) << bytes;
    EXPECT_EQ(result.error().hint, "utf-8");
  }
  EXPECT_EQ(decode_record("{", SampleHandling::keep).error().hint, "");
}

// ---- what stands below a key that nobody reads
// ----------------------------------------------------

TEST(DecoderUnknownKey, MayHoldWhateverIsJson) {
  for (const std::string& value :
       {std::string("1e999"), std::string("-1e999"), std::string("1e-999"), std::string("-0"),
        std::string("18446744073709551616"), std::string("1") + std::string(400, '0'),
        std::string("\"\\ud800\""), std::string("\"\\udc00x\""), std::string("{\"\\ud800\":1}"),
        std::string("{\"a\":1,\"a\":2}"), std::string("\"\\u0000n1\""),
        std::string("1e99999999999999999999"), std::string("[\"\\ud800\\ud800\\udc00\"]")}) {
    EXPECT_EQ(complaint(record_with("z", value)), "") << value;
    EXPECT_EQ(decoded(record_with("z", value), SampleHandling::reduce).error, "") << value;
  }
}

TEST(DecoderUnknownKey, MayHoldValuesNestedToAnyDepth) {
  for (const std::size_t depth : {100, 1021, 1022, 1023, 1024, 1025, 10'000, 100'000}) {
    EXPECT_EQ(complaint(record_with("z", nested(depth))), "") << depth;
  }
}

TEST(DecoderUnknownKey, MayRepeat) {
  EXPECT_EQ(complaint(ObjectText<Record>().add("z", "1").add("z", "2").text()), "");
}

TEST(DecoderUnknownKey, MustItselfBeAString) {
  EXPECT_EQ(complaint(record_with("\\udc00", "1")), "lone surrogate in a key");
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

// ---- the two contracts --------------------------------------------------------------------------

std::string with_schedstat(const ObjectText<SchedstatDeltas>& deltas) {
  return place<SchedstatDeltas>(deltas.text()).json;
}

TEST(DecoderContracts, WallSecondsAreRequiredByTheTargetAndUnknownToTheNewer) {
  EXPECT_EQ(complaint(with_schedstat(ObjectText<SchedstatDeltas>())), "");
  EXPECT_EQ(
      complaint(with_schedstat(ObjectText<SchedstatDeltas>().drop("total_schedstat_wall_sec"))), "")
      << "the newer contract holds";
  EXPECT_EQ(complaint(with_schedstat(
                ObjectText<SchedstatDeltas>().set("total_schedstat_wall_sec", "\"x\""))),
            "");
}

TEST(DecoderContracts, VcpuSecondsAreUnknownToTheTargetAndNullableInTheNewer) {
  ObjectText<SchedstatDeltas> newer;
  newer.drop("total_schedstat_wall_sec");
  for (const char* fine : {"1.5", "null", "2"}) {
    EXPECT_EQ(complaint(with_schedstat(ObjectText(newer).set("total_schedstat_vcpu_sec", fine))),
              "");
  }
  EXPECT_EQ(complaint(with_schedstat(ObjectText(newer).set("total_schedstat_vcpu_sec", "\"x\""))),
            "monitor.schedstat_deltas.total_schedstat_vcpu_sec: invalid type: string \"x\", "
            "expected f64");
  EXPECT_EQ(complaint(with_schedstat(
                ObjectText<SchedstatDeltas>().set("total_schedstat_vcpu_sec", "\"x\""))),
            "")
      << "the target contract holds";
}

TEST(DecoderContracts, HostDilationAndDenominationAreUnknownToTheTarget) {
  for (const char* key : {"host_dilation", "throughput_denomination"}) {
    for (const char* value : {"1e999", "{}", "null", "\"Wall\"", "7"}) {
      EXPECT_EQ(complaint(ObjectText<Record>().set(key, value).text()), "") << key << value;
    }
    EXPECT_EQ(complaint(ObjectText<Record>().set(key, "1").add(key, "2").text()), "") << key;
  }
}

/// A record that only the newer contract can take.
ObjectText<Record> newer_record() {
  const std::string deltas = ObjectText<SchedstatDeltas>().drop("total_schedstat_wall_sec").text();
  return ObjectText<Record>().set(
      "monitor", ObjectText<MonitorSummary>().set("schedstat_deltas", deltas).text());
}

TEST(DecoderContracts, EachIsTriedAsAWhole) {
  EXPECT_EQ(complaint(newer_record().set("host_dilation", "1.5").text()), "");
  EXPECT_EQ(complaint(newer_record().set("throughput_denomination", "\"cpu_sec\"").text()), "");
  EXPECT_EQ(complaint(newer_record().set("host_dilation", "null").text()), "");
  EXPECT_EQ(complaint(newer_record().set("host_dilation", "\"x\"").text()),
            "host_dilation: invalid type: string \"x\", expected f64");
  EXPECT_EQ(complaint(newer_record().set("throughput_denomination", "null").text()),
            "throughput_denomination: invalid type: null, expected a variant name");
  EXPECT_EQ(complaint(newer_record().set("throughput_denomination", "\"Wall\"").text()),
            "throughput_denomination: unknown variant `Wall`, expected `wall` or `cpu_sec`");
  EXPECT_EQ(complaint(newer_record().set("host_dilation", "1").add("host_dilation", "2").text()),
            "duplicate field `host_dilation`");
}

TEST(DecoderContracts, WhatOneOfThemMissesDoesNotTaintWhatIsAround) {
  const DecodedRecord result = decoded(newer_record().text());
  EXPECT_EQ(result.error, "");
  EXPECT_TRUE(was_read(result.record, &Record::monitor));
  const auto& deltas = result.record.monitor->schedstat_deltas;
  EXPECT_TRUE(was_read(*result.record.monitor, &MonitorSummary::schedstat_deltas));
  EXPECT_FALSE(was_read(*deltas, &SchedstatDeltas::total_schedstat_wall_sec));
}

// ---- drift --------------------------------------------------------------------------------------

TEST(DecoderDrift, NamesTheFirstBrokenPathInTheDocument) {
  const auto json =
      ObjectText<Record>().set("passed", "1").set("run_id", "null").drop("topology").text();
  EXPECT_EQ(complaint(json), "passed: invalid type: integer `1`, expected a boolean");
  EXPECT_EQ(complaint(ObjectText<Record>().drop("topology").drop("run_id").text()),
            "missing field `topology`")
      << "a missing key is only noticed at its object's end, in declared order";
}

TEST(DecoderDrift, KeepsIdentityVerdictAndReadableMetrics) {
  const std::string stats = ObjectText<ScenarioStats>()
                                .drop("worst_gap_ms")
                                .set("total_workers", "7")
                                .set("ext_metrics", R"({"a":1.5,"b":null,"c":2.5})")
                                .text();
  const DecodedRecord result = decoded(ObjectText<Record>()
                                           .set("test_name", "\"t\"")
                                           .set("passed", "true")
                                           .set("skipped", "\"no\"")
                                           .set("stats", stats)
                                           .text());
  EXPECT_EQ(result.contract, Contract::drift);
  EXPECT_EQ(result.record.test_name, "t");
  EXPECT_TRUE(was_read(result.record, &Record::passed));
  EXPECT_FALSE(was_read(result.record, &Record::skipped));
  EXPECT_EQ(result.record.stats.total_workers, 7U);
  EXPECT_FALSE(was_read(result.record.stats, &ScenarioStats::worst_gap_ms));
  EXPECT_EQ(result.record.stats.ext_metrics,
            (std::map<std::string, double>{{"a", 1.5}, {"c", 2.5}}));
}

TEST(DecoderDrift, KeepsHalfReadObjectsButInventsNone) {
  const DecodedRecord result =
      decoded(ObjectText<Record>()
                  .set("monitor", "[]")
                  .set("stimulus_events", R"([{"label":"StepStart[0]"},7])")
                  .text());
  EXPECT_FALSE(result.record.monitor) << "nothing of it could be read";
  ASSERT_EQ(result.record.stimulus_events.size(), 1U);
  EXPECT_EQ(result.record.stimulus_events[0].label, "StepStart[0]");
}

TEST(DecoderDrift, ReducesNoPartOfASampleSet) {
  const auto json =
      place<PhaseCgroupStats>(
          ObjectText<PhaseCgroupStats>().set("wake_latencies_ns", "[1,2,null]").text())
          .json;
  const DecodedRecord result = decoded(json, SampleHandling::reduce);
  EXPECT_EQ(result.contract, Contract::drift);
  EXPECT_EQ(result.record.stats.phases.at(0).per_cgroup.at("g").wake_latencies_ns.reduced.n, 0U);
}

TEST(DecoderDrift, SaysItBrieflyAndWithoutControlBytes) {
  const std::string said =
      complaint(ObjectText<Record>().set("vcpus", '"' + std::string(1'000'000, 'x') + '"').text());
  EXPECT_LT(said.size(), 400U);
  const std::string key_said = complaint(
      place<ScenarioStats>(
          ObjectText<ScenarioStats>()
              .set("ext_metrics", R"({"a\u0000\u001b)" + std::string(9999, 'k') + R"(":null})")
              .text())
          .json);
  EXPECT_LT(key_said.size(), 400U);
  EXPECT_EQ(key_said.find('\0'), std::string::npos);
  EXPECT_EQ(key_said.find('\x1b'), std::string::npos);
}

// ---- samples ------------------------------------------------------------------------------------

TEST(DecoderSamples, AreReducedAndOnlyKeptOnRequest) {
  const auto json =
      place<PhaseCgroupStats>(
          ObjectText<PhaseCgroupStats>().set("wake_latencies_ns", "[30,10,20]").text())
          .json;
  for (const auto handling : {SampleHandling::keep, SampleHandling::reduce}) {
    const DecodedRecord result = decoded(json, handling);
    const Samples& samples = result.record.stats.phases.at(0).per_cgroup.at("g").wake_latencies_ns;
    EXPECT_EQ(samples.reduced.n, 3U);
    EXPECT_EQ(samples.reduced.p50, 20.0);
    EXPECT_EQ(samples.reduced.max, 30.0);
    EXPECT_EQ(samples.values, handling == SampleHandling::keep
                                  ? (std::vector<std::uint64_t>{30, 10, 20})
                                  : std::vector<std::uint64_t>{});
  }
}

TEST(DecoderSamples, OfAHistogramTakeTheHistogramsOwnMaximum) {
  std::string plat = test::plat_json();
  plat.replace(plat.rfind('0'), 1, "2");
  const auto json =
      place<PlatStats>(ObjectText<PlatStats>().set("plat", plat).set("max", "33000000").text())
          .json;
  const DecodedRecord result = decoded(json, SampleHandling::reduce);
  const auto& cgroup = result.record.stats.phases.at(0).per_cgroup.at("g");
  const BucketCounts& buckets = cgroup.taobench->serve_lat.plat;
  EXPECT_TRUE(buckets.counts.empty());
  EXPECT_EQ(buckets.reduced.n, 2U);
  EXPECT_EQ(buckets.reduced.max, 33000000.0);
}

}  // namespace
}  // namespace ktstr
