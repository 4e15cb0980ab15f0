// SPDX-License-Identifier: MIT
#include "analysis/explanation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "record/fields.hpp"

namespace ktstr::test {
namespace {

Record record_of(const char* test_name, std::uint32_t budget, std::uint32_t vcpus) {
  Record record;
  record.test_name = test_name;
  record.cpu_budget = budget;
  record.vcpus = vcpus;
  return record;
}

TEST(NullableFields, AreTheRecordsNullableKeysInTheRecordsOrder) {
  std::string of_record;
  const auto add = [&](const auto& field) {
    if (field.presence == KeyPresence::nullable) of_record += std::string(field.key) + " ";
  };
  Fields<Record>::k_table.apply([&](const auto&... field) { (add(field), ...); });
  std::string listed;
  for (const NullableField& field : nullable_fields()) listed += std::string(field.name) + " ";
  EXPECT_EQ(listed, of_record);
}

TEST(NullableFields, EachLookAtTheFieldThatTheyName) {
  const auto expect_own = [](const auto& field) {
    using Member = typename std::decay_t<decltype(field)>::Type;
    if constexpr (requires(Member member) { member.emplace(); }) {
      Record record;
      (record.*field.member).emplace();
      for (const NullableField& nullable : nullable_fields()) {
        EXPECT_EQ(nullable.is_none(record), nullable.name != field.key) << nullable.name;
      }
    }
  };
  const auto expect_if_nullable = [&](const auto& field) {
    if (field.presence == KeyPresence::nullable) expect_own(field);
  };
  Fields<Record>::k_table.apply([&](const auto&... field) { (expect_if_nullable(field), ...); });
}

TEST(NullableFields, ThatAreExpectedToBeNullHaveNoFix) {
  for (const NullableField& field : nullable_fields()) {
    EXPECT_FALSE(field.causes.empty()) << field.name;
    EXPECT_TRUE(field.is_actionable || field.fix.empty()) << field.name;
  }
}

TEST(BudgetState, TellsSkippedMalformedOvercommittedAndPlain) {
  EXPECT_EQ(budget_state(record_of("a", 0, 0)), BudgetState::not_booted);
  EXPECT_EQ(budget_state(record_of("a", 0, 8)), BudgetState::not_booted);
  EXPECT_EQ(budget_state(record_of("a", 8, 0)), BudgetState::malformed);
  EXPECT_EQ(budget_state(record_of("a", 7, 8)), BudgetState::overcommitted);
  EXPECT_EQ(budget_state(record_of("a", 8, 8)), BudgetState::plain);
}

TEST(SidecarExplanation, CountsEveryWalkedFileAndEachFieldOverTheValidOnes) {
  Collection collection;
  Record with_payload = record_of("a", 4, 8);
  with_payload.payload = "schbench";
  collection.sidecars = {{"r/2", record_of("b", 0, 8)}, {"r/1", with_payload}};
  collection.parse_errors = {{"r/3", "broken", {}}};
  collection.io_errors = {{"r/4", "gone"}};
  const SidecarExplanation explanation = explain(collection);
  EXPECT_EQ(explanation.walked, 4U);
  EXPECT_EQ(explanation.overcommitted, 1U);
  for (const FieldCount& count : explanation.fields) {
    EXPECT_EQ(count.none + count.some, 2U) << count.field->name;
    EXPECT_EQ(count.some, count.field->name == "payload" ? 1U : 0U) << count.field->name;
  }
}

TEST(SidecarExplanation, OrdersByTestThenRunThenPath) {
  Collection collection;
  Record later = record_of("a", 0, 0);
  later.run_id = "2";
  collection.sidecars = {{"r/4", record_of("b", 0, 0)},
                         {"r/3", later},
                         {"r/2", record_of("a", 0, 0)},
                         {"r/1", record_of("a", 0, 0)}};
  std::string paths;
  const SidecarExplanation explanation = explain(collection);
  for (const LoadedSidecar* sidecar : explanation.sidecars) paths += sidecar->path + " ";
  EXPECT_EQ(paths, "r/1 r/2 r/3 r/4 ");
}

}  // namespace
}  // namespace ktstr::test
