// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::complaint;
using test::decoded;
using test::ObjectText;
using test::place;

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
