// SPDX-License-Identifier: MIT

// Inputs that a quadratic or recursive decoder dies of. Each takes well under a second; the limit
// is wide, since the machine may be busy and the build instrumented, and far below what n*n would
// take.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::ObjectText;
using test::record_with;

constexpr std::chrono::seconds k_limit{30};

std::string list_of(const std::string& item, std::size_t count, char open, char close) {
  std::string out(1, open);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    out += item;
  }
  return out + close;
}

/// Decoded both ways and encoded, in time.
void expect_linear(const std::string& json, Contract contract) {
  const auto start = std::chrono::steady_clock::now();
  const auto kept = decode_record(json, SampleHandling::keep);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->contract, contract) << kept->error;
  const std::string text = encode_record(kept->record);
  EXPECT_LT(text.size(), 400 * json.size());
  EXPECT_TRUE(decode_record(json, SampleHandling::reduce));
  EXPECT_LT(std::chrono::steady_clock::now() - start, k_limit);
}

TEST(DecoderHostile, DeepNesting) {
  constexpr std::size_t k_depth = 100'000;
  expect_linear(record_with("z", std::string(k_depth, '[') + std::string(k_depth, ']')),
                Contract::ok);
  expect_linear(ObjectText<Record>()
                    .set("test_name", std::string(k_depth, '[') + std::string(k_depth, ']'))
                    .text(),
                Contract::drift);
}

// Many values that need a mark in a text full of what marks are made of.
TEST(DecoderHostile, NulEscapes) {
  std::string nuls;
  for (int i = 0; i < 400'000; ++i) nuls += "\\u0000";
  expect_linear(ObjectText<Record>()
                    .add("nuls", '"' + nuls + '"')
                    .add("marked", list_of("-0", 200'000, '[', ']'))
                    .text(),
                Contract::ok);
}

TEST(DecoderHostile, UnknownKeys) {
  ObjectText<Record> record;
  for (int i = 0; i < 300'000; ++i) record.add("k", "1");
  expect_linear(record.text(), Contract::ok);
}

TEST(DecoderHostile, EqualMapKeys) {
  const std::string map = list_of("\"k\":1", 300'000, '{', '}');
  expect_linear(test::place<KvmStatsTotals>("{\"per_vcpu\":[" + map + "]}").json, Contract::ok);
  expect_linear(
      test::place<ScenarioStats>(ObjectText<ScenarioStats>().set("ext_metrics", map).text()).json,
      Contract::ok);
}

// Three bytes of text each; as objects of ours they would be a thousand times that.
TEST(DecoderHostile, EmptyObjectsWhereLargeOnesBelong) {
  const std::string json =
      test::place<ScenarioStats>(
          ObjectText<ScenarioStats>().set("cgroups", list_of("{}", 1'000'000, '[', ']')).text())
          .json;
  expect_linear(json, Contract::drift);
  const auto kept = decode_record(json, SampleHandling::keep);
  ASSERT_TRUE(kept);
  EXPECT_LT(kept->record.stats.cgroups.capacity(), 20'000U);
}

TEST(DecoderHostile, NumbersWhereObjectsBelong) {
  const std::string json =
      test::place<ScenarioStats>(
          ObjectText<ScenarioStats>().set("cgroups", list_of("1", 1'000'000, '[', ']')).text())
          .json;
  const auto kept = decode_record(json, SampleHandling::keep);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->record.stats.cgroups.capacity(), 0U);
}

TEST(DecoderHostile, LongNumbers) {
  const std::string digits(2'000'000, '7');
  expect_linear(record_with("z", digits), Contract::ok);
  expect_linear(record_with("z", "0." + digits + "e5"), Contract::ok);
  expect_linear(record_with("z", "[-0,1." + digits + "e-999999]"), Contract::ok);
}

}  // namespace
}  // namespace ktstr
