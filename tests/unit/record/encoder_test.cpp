// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "support/shared_data.hpp"
#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::decoded;
using test::ObjectText;
using test::place;
using test::round_trip;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Does `part` stand in the text, apart from line breaks and indentation?
bool contains(const std::string& text, const std::string& part) {
  std::string flat;
  for (std::size_t i = 0; i < text.size(); ++i) {
    flat += text[i];
    if (text[i] != '\n') continue;
    flat.pop_back();
    while (i + 1 < text.size() && text[i + 1] == ' ') ++i;
  }
  return flat.find(part) != std::string::npos;
}

class SharedRecord : public ::testing::TestWithParam<const char*> {};

TEST_P(SharedRecord, ComesBackByteForByte) {
  const auto path = test::shared_data_path(GetParam());
  if (!path) GTEST_SKIP() << "no shared data";
  const std::string json = read_file(*path);
  const DecodedRecord result = decoded(json);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(encode_record(result.record), json);
}

INSTANTIATE_TEST_SUITE_P(
    Encoder, SharedRecord,
    ::testing::Values("example.ktstr.json",
                      "real/sched_basic_proportional-6.14.11-85c72e1.ktstr.json"));

TEST(Encoder, WritesTheStyleOfSerdesPrettyPrinter) {
  const std::string text = encode_record(Record{});
  EXPECT_EQ(text.rfind("{\n  \"test_name\": \"\",\n  \"topology\": \"\",\n", 0), 0U);
  EXPECT_NE(text.find("\n  \"metrics\": [],\n"), std::string::npos);
  EXPECT_NE(text.find("\n    \"ext_metrics\": {},\n    \"phases\": []\n  },\n"), std::string::npos);
  EXPECT_NE(text.find("\n  \"monitor\": null,\n"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 33), ",\n  \"perf_delta_assertions\": []\n}");
}

TEST(Encoder, GivesADefaultRecordThatTheContractTakes) {
  EXPECT_EQ(test::complaint(encode_record(Record{})), "");
}

TEST(Encoder, WritesNumbersAsSerdeDoes) {
  Record record;
  PhaseBucket bucket;
  bucket.start_ms = std::numeric_limits<std::uint64_t>::max();
  bucket.metrics = {{"a", 3.0}, {"b", -0.0}, {"c", 1e16}, {"d", 0.00001}, {"e", 9.9e-6}};
  record.stats.phases.push_back(bucket);
  const std::string text = encode_record(record);
  EXPECT_TRUE(contains(text, "\"start_ms\": 18446744073709551615,"));
  EXPECT_TRUE(contains(text, R"({"a": 3.0,"b": -0.0,"c": 1e16,"d": 0.00001,"e": 9.9e-6})"));
}

TEST(Encoder, WritesNullForWhatJsonCannotHold) {
  Record record;
  record.stats.worst_spread = std::nan("");
  record.stats.ext_metrics = {{"a", std::numeric_limits<double>::infinity()}};
  record.monitor.emplace().avg_irq_util = -std::numeric_limits<double>::infinity();
  const std::string text = encode_record(record);
  EXPECT_TRUE(contains(text, "\"worst_spread\": null,"));
  EXPECT_TRUE(contains(text, "\"ext_metrics\": {\"a\": null}"));
  EXPECT_TRUE(contains(text, "\"avg_irq_util\": null,"));
  EXPECT_EQ(test::complaint(text), "stats.worst_spread: invalid type: null, expected f64")
      << "as for the harness itself";
}

TEST(Encoder, OrdersMapsAndSets) {
  Record record;
  record.stats.cgroups.emplace_back().cpus_used = {10, 2, 1};
  record.stats.ext_metrics = {{"\u00e9", 1.0}, {"b", 2.0}, {"B", 3.0}};
  record.host.emplace().cpufreq_governor = {{10, "x"}, {2, "y"}};
  const std::string text = encode_record(record);
  EXPECT_TRUE(contains(text, "\"cpus_used\": [1,2,10]"));
  EXPECT_TRUE(contains(text, "{\"B\": 3.0,\"b\": 2.0,\"\u00e9\": 1.0}"));
  EXPECT_TRUE(contains(text, "\"cpufreq_governor\": {\"2\": \"y\",\"10\": \"x\"}"));
}

TEST(Encoder, KeepsTheOrderOfKvmStatistics) {
  const std::string text =
      round_trip(place<KvmStatsTotals>(R"({"per_vcpu":[{"z":1,"a":2,"m":3}]})").json);
  EXPECT_TRUE(contains(text, "\"per_vcpu\": [{\"z\": 1,\"a\": 2,\"m\": 3}]"));
}

TEST(Encoder, KeepsAnEmptyMapApartFromNone) {
  const std::string text = round_trip(place<HostContext>(R"({"sched_tunables":{}})").json);
  EXPECT_TRUE(contains(text, "\"host\": {\"sched_tunables\": {}}"));
  EXPECT_TRUE(contains(round_trip(place<HostContext>("{}").json), "\"host\": {},"));
}

TEST(Encoder, WritesEnumsByName) {
  Record record;
  Metric metric;
  metric.polarity = {Polarity::Kind::target_value, 20.0};
  metric.stream = MetricStream::standard_error;
  record.metrics.emplace_back().metrics.push_back(metric);
  record.host.emplace().task_delayacct = DelayacctState::runtime_off;
  const std::string text = encode_record(record);
  EXPECT_TRUE(contains(text, "\"polarity\": {\"TargetValue\": 20.0},"));
  EXPECT_TRUE(contains(text, "\"stream\": \"Stderr\""));
  EXPECT_TRUE(contains(text, "\"task_delayacct\": \"runtime_off\""));
}

TEST(Encoder, WritesStringsWithoutNeedlessEscapes) {
  Record record;
  record.test_name = "a/\x7f\u00e9\x01\"\\\n";
  EXPECT_TRUE(
      contains(encode_record(record), "\"test_name\": \"a/\x7f\u00e9\\u0001\\\"\\\\\\n\","));
}

// ---- unknown keys -------------------------------------------------------------------------------

template <typename T>
class UnknownKeyOf : public ::testing::Test {};
TYPED_TEST_SUITE(UnknownKeyOf, test::AllObjects::Gtest);

/// At the start, behind the first key, and at the end of an object.
TYPED_TEST(UnknownKeyOf, ComesBackWhereItStood) {
  const std::string head = R"("z0":{"a":[],"b":{}},"z1":[1,[2.5,{}],null,true],)";
  const std::string middle = R"("z2":{"k":{"l":-7}})";
  const std::string tail = R"(,"z3":"\"x\\")";
  const std::string full = ObjectText<TypeParam>::full().text();
  const std::string first = '"' + std::string(Fields<TypeParam>::k_table.keys()[0]) + '"';
  std::string keys = full.substr(1, full.size() - 2);
  if constexpr (k_field_count < TypeParam >> 1) {
    const std::string second = '"' + std::string(Fields<TypeParam>::k_table.keys()[1]) + "\":";
    keys.insert(keys.find("," + second), "," + middle);
  }
  const std::string text = round_trip(place<TypeParam>("{" + head + keys + tail + "}").json);
  EXPECT_EQ(test::complaint(text), "");
  EXPECT_EQ(round_trip(text), text);
  EXPECT_TRUE(contains(text, R"({"z0": {"a": [],"b": {}},"z1": [1,[2.5,{}],null,true],)" + first))
      << text;
  EXPECT_TRUE(contains(text, R"(,"z3": "\"x\\"})")) << text;
  if constexpr (k_field_count < TypeParam >> 1) {
    const std::string second = '"' + std::string(Fields<TypeParam>::k_table.keys()[1]) + "\":";
    EXPECT_TRUE(contains(text, R"("z2": {"k": {"l": -7}},)" + second)) << text;
  }
}

std::string unknown_after_round_trip(const std::string& value) {
  const std::string text = round_trip(test::record_with("z", value));
  const std::string start = ",\n  \"z\": ";
  const std::size_t at = text.find(start);
  if (at == std::string::npos) return "lost";
  return text.substr(at + start.size(), text.size() - at - start.size() - 2);
}

TEST(UnknownValue, ComesBackEvenWhereNoTypeHoldsIt) {
  for (const std::string& value :
       {std::string("1e999"), std::string("-0"), std::string("18446744073709551616"),
        std::string("18446744073709551615"), std::string("-9223372036854775808"),
        "1" + std::string(400, '0'), std::string("\"\\ud800\""), std::string("\"\\u0000n1\""),
        std::string("\"\\u0000\""), std::string("[]"), std::string("{}"), std::string("null")}) {
    EXPECT_EQ(unknown_after_round_trip(value), value);
  }
  EXPECT_EQ(unknown_after_round_trip("{\"\\udc00\":[-0]}"),
            "{\n    \"\\udc00\": [\n      -0\n    ]\n  }");
}

TEST(UnknownValue, NestedTooDeepToIndentStaysCompact) {
  for (const std::size_t depth : {126, 127, 1022, 1023, 1024, 20'000}) {
    const std::string json = test::record_with(
        "z", std::string(depth, '[') + R"({"a":"]\""},1.50)" + std::string(depth, ']'));
    const std::string text = round_trip(json);
    EXPECT_LT(text.size(), 100'000U);
    EXPECT_EQ(round_trip(text), text) << depth;
    EXPECT_EQ(contains(text, R"({"a":"]\""})"), depth >= 127) << depth;
  }
}

// A document must not be spelled differently because of something elsewhere in it.
TEST(UnknownValue, IsSpelledTheSameWhicheverReaderWasNeeded) {
  for (const std::string& value :
       {std::string("1.50"), std::string("1e-999"), std::string("\"\\u0041\""),
        std::string(500, '[') + "1.50" + std::string(500, ']'),
        std::string(1022, '[') + "1.50" + std::string(1022, ']'),
        std::string(1022, '[') + "[]" + std::string(1022, ']')}) {
    const auto with_spread = [&](const char* spread) {
      const std::string stats = ObjectText<ScenarioStats>().set("worst_spread", spread).text();
      return ObjectText<Record>().set("stats", stats).add("z", value).text();
    };
    EXPECT_EQ(round_trip(with_spread("-0")), round_trip(with_spread("-0.0"))) << value;
  }
}

TEST(UnknownValue, OfOneContractOnlyComesBackToo) {
  const std::string json = ObjectText<Record>()
                               .set("host_dilation", "\"x\"")
                               .set("throughput_denomination", "null")
                               .add("host_dilation", "2.5")
                               .text();
  EXPECT_EQ(test::complaint(json), "") << "the target contract knows neither";
  const std::string text = round_trip(json);
  EXPECT_TRUE(contains(text, ",\"host_dilation\": \"x\",\"throughput_denomination\": null,"));
  EXPECT_TRUE(contains(text, ",\"host_dilation\": 2.5}"));
  EXPECT_EQ(round_trip(text), text);
}

// The writer's order is declared order whatever the document's was; an unknown key stays with the
// key that it stood behind.
TEST(UnknownValue, FollowsItsNeighbourIntoDeclaredOrder) {
  const std::string text = round_trip(
      place<ProgVerifierStats>(R"({"verified_insns":1,"z1":1,"z2":2,"name":"p","z3":3})").json);
  EXPECT_TRUE(contains(text, R"([{"name": "p","z3": 3,"verified_insns": 1,"z1": 1,"z2": 2}])"))
      << text;
}

TEST(UnknownValue, WithoutAPlaceInTheContractGoesToTheEnd) {
  Record record;
  record.keys.unknown.push_back({"no such key", "\"z\"", "1"});
  const std::string text = encode_record(record);
  EXPECT_EQ(text.substr(text.size() - 11), "\n  \"z\": 1\n}");
}

}  // namespace
}  // namespace ktstr
